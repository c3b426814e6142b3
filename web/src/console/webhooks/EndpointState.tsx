/** Whether an address is sent to, in a word. */

import type { Endpoint } from "../data/webhooks";

export function EndpointState({ endpoint }: { endpoint: Endpoint }) {
  const [word, tone] = stateOf(endpoint);
  return <span className={`pill ${tone}`}>{word}</span>;
}

function stateOf({ active, disabled_reason, failing_since }: Endpoint): [string, string] {
  if (!active) return disabled_reason ? ["Switched off", "red"] : ["Off", "neutral"];
  return failing_since ? ["Not answering", "amber"] : ["On", "green"];
}
