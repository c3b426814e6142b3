/** The search over everything. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";

export type FoundGroup = Shape<"FoundGroup">;

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ["search", q],
    queryFn: () => answerOf(client.GET("/search", { params: { query: { q } } })),
  });
