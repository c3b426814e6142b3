/** Every request to QuickBooks, and what came of it. */

import { Block } from "../parts/Page";
import { RequestLog } from "../parts/RequestLog";

export function BooksLog() {
  return (
    <Block title="Sync log" flush>
      <RequestLog />
    </Block>
  );
}
