/** Photos and attachments: sent with progress, shown again by their address. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { networkAway, problemOf } from "../../api/problem";
import { pages } from "./pages";

export type KeptFile = Shape<"FileOut">;
export type FileKind = "photo" | "attachment" | "logo";

/** What the API takes (`files/content.py`), in bytes. */
export const FILE_BYTES_MAX = 25_000_000;

export const fileAddress = (id: number) => `/files/${id}/content`;

/** What a file is. A file that is gone is not asked for again. */
export const fileQuery = (id: number) =>
  queryOptions({
    queryKey: ["files", id],
    queryFn: () => answerOf(client.GET("/files/{id}", { params: { path: { id } } })),
    retry: false,
  });

/** Sends a file and tells how much of it is there (0 to 1); raises Problem. XMLHttpRequest, for fetch tells no progress. */
export function sendFile(kind: FileKind, file: File, onProgress: (share: number) => void): Promise<KeptFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/files?${new URLSearchParams({ kind, name: file.name }).toString()}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0));
    request.addEventListener("error", () => reject(networkAway()));
    request.addEventListener("load", () => {
      if (request.status === 201) return resolve(request.response as KeptFile);
      const headers = { "x-request-id": request.getResponseHeader("x-request-id") ?? "" };
      reject(problemOf(new Response(null, { status: request.status, headers }), request.response));
    });
    request.send(file);
  });
}

export type UsedFile = Shape<"UsedFile">;
export type FileUse = Shape<"FileUse">;
export const FILE_KINDS = ["photo", "attachment", "logo", "paper"] as const;
export type KeptKind = (typeof FILE_KINDS)[number];
export type FileFilter = { kind?: KeptKind | undefined; q?: string | undefined; unused?: true | undefined };

/** All files with where each is used. */
export const filesQuery = (filter: FileFilter) =>
  pages(["file-list", filter], (cursor) =>
    answerOf(client.GET("/overview/files", { params: { query: { ...filter, cursor } } })),
  );

export const usedFileQuery = (id: number) =>
  queryOptions({
    queryKey: ["files", "used", id],
    queryFn: () => answerOf(client.GET("/overview/files/{id}", { params: { path: { id } } })),
    retry: false,
  });

export const deleteFile = (id: number) => answerOf(client.DELETE("/files/{id}", { params: { path: { id } } }));
