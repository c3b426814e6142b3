/** The rules on deposits, by state: what is sourced, and what the company makes of it. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";

export type DepositRule = Shape<"DepositRuleOut">;
export type RuleMode = DepositRule["mode"];
export type OwnRule = NonNullable<DepositRule["own_rule"]>;
export type UsState = Shape<"StateOut">;

export const depositRulesQuery = queryOptions({
  queryKey: ["deposit-rules"],
  queryFn: () => answerOf(client.GET("/law/deposit-rules")),
});

export const setDepositRule = (state: string, body: OwnRule) =>
  answerOf(client.PUT("/law/deposit-rules/{state}", { params: { path: { state } }, body }));

/** Back to the sourced rule; where there is none, to no rule. */
export const dropDepositRule = (state: string) =>
  client.DELETE("/law/deposit-rules/{state}", { params: { path: { state } } });
