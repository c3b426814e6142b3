/** The org's settings, its team and its API keys. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages } from "./pages";

export type Org = Shape<"OrgOut">;
export type User = Shape<"UserOut">;
export type ApiKey = Shape<"ApiKeyOut">;
export type Role = User["role"];
export type OrgChange = Shape<"OrgChange">;

export const orgQuery = queryOptions({
  queryKey: ["org"],
  queryFn: () => answerOf(client.GET("/org")),
  staleTime: 60_000,
});

export const changeOrg = (body: OrgChange) => answerOf(client.PATCH("/org", { body }));

/** Shows a picture that was sent as a logo. */
export const showLogo = (file_id: number) => answerOf(client.PUT("/org/logo", { body: { file_id } }));

export const hideLogo = () => answerOf(client.DELETE("/org/logo"));

export const usersQuery = pages(["users"], (cursor) =>
  answerOf(client.GET("/users", { params: { query: { cursor } } })),
);

export const createUser = (body: Shape<"NewUser">) =>
  answerOf(client.POST("/users", { body, headers: { "Idempotency-Key": idempotencyKey() } }));

export const changeUser = (id: number, body: Shape<"UserChange">) =>
  answerOf(client.PATCH("/users/{id}", { params: { path: { id } }, body }));

export const apiKeysQuery = pages(["api-keys"], (cursor) =>
  answerOf(client.GET("/api-keys", { params: { query: { cursor } } })),
);

export const createApiKey = (body: Shape<"NewApiKey">) => answerOf(client.POST("/api-keys", { body }));

export const revokeApiKey = (id: number) => client.DELETE("/api-keys/{id}", { params: { path: { id } } });
