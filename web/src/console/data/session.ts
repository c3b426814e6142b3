/** Who is signed in, and what they may do. */

import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";

export type Me = Shape<"Me">;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => answerOf(client.GET("/auth/me")),
  staleTime: 60_000,
});

export const signIn = (email: string, password: string) =>
  answerOf(client.POST("/auth/login", { body: { email, password } }));

export const signOut = () => client.POST("/auth/logout");

export type Permission =
  | "read"
  | "leads:write"
  | "customers:write"
  | "proposals:write"
  | "payments:read"
  | "payments:write"
  | "payments:refund"
  | "books:read"
  | "books:write"
  | "org:manage";

/** Returns whether the person may; the API enforces the same table, this only hides what would be refused. */
export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useMe();
  return (permission) => permissions.includes(permission);
}

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}
