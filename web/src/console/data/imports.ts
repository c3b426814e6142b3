/** Imports of CSV files, and where exports come from. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages } from "./pages";

export type Import = Shape<"ImportOut">;
export type UploadedImport = Shape<"UploadedImport">;
export type ImportCheck = Shape<"CheckOut">;
export type ImportKind = Import["kind"];

export const IMPORT_KINDS: { value: ImportKind; label: string }[] = [
  { value: "customers", label: "Customers" },
  { value: "leads", label: "Leads" },
  { value: "price_items", label: "Price book" },
];

const PROGRESS_MILLISECONDS = 700;

export const importsQuery = pages(["imports", "list"], (cursor) =>
  answerOf(client.GET("/imports", { params: { query: { cursor } } })),
);

/** Asked often while it runs. */
export const importQuery = (id: number) =>
  queryOptions({
    queryKey: ["imports", id],
    queryFn: () => answerOf(client.GET("/imports/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.state === "running" ? PROGRESS_MILLISECONDS : false),
  });

export const uploadImport = (kind: ImportKind, file: File) =>
  answerOf(
    client.POST("/imports", {
      params: { query: { kind, name: file.name } },
      headers: { "Idempotency-Key": idempotencyKey() },
      body: file as never, // the description says text; the bytes go as they are
      bodySerializer: () => file,
    }),
  );

export const checkImport = (id: number, mapping: Record<string, number>) =>
  answerOf(client.POST("/imports/{id}/check", { params: { path: { id } }, body: { mapping } }));

export const startImport = (id: number, body: Shape<"StartIn">) =>
  answerOf(client.POST("/imports/{id}/start", { params: { path: { id } }, body }));

export const undoImport = (id: number) => answerOf(client.POST("/imports/{id}/undo", { params: { path: { id } } }));
