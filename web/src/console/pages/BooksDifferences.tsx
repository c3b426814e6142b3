/** What does not fit between Stripe, QuickBooks and here. */

import { Differences } from "../parts/Differences";
import { Block } from "../parts/Page";

export function BooksDifferences() {
  return (
    <Block title="Differences" flush>
      <Differences />
    </Block>
  );
}
