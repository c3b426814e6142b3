/** What a customer wrote about a proposal, and the office's answers. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { REFRESH_MILLISECONDS } from "./pages";

export type Message = Shape<"MessageOut">;

export const messagesQuery = (proposal_id: number) =>
  queryOptions({
    queryKey: ["proposals", proposal_id, "messages"],
    queryFn: () => answerOf(client.GET("/proposals/{proposal_id}/messages", { params: { path: { proposal_id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const answerCustomer = (proposal_id: number, text: string, key: string) =>
  answerOf(
    client.POST("/proposals/{proposal_id}/messages", {
      params: { path: { proposal_id } },
      body: { text },
      headers: { "Idempotency-Key": key },
    }),
  );
