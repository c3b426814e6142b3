/** Shows a page of the settings to those who manage the company; others are told whom to ask. */

import { useMay } from "../data/session";
import { Empty, Page } from "../parts/Page";

export function OwnersOnly({ title, what, children }: { title: string; what: string; children: React.ReactNode }) {
  const may = useMay();
  if (may("org:manage")) return children;
  return (
    <Page title={title}>
      <div className="block">
        <Empty>Only an owner can {what}. Ask one of them to do it, or to give you that role.</Empty>
      </div>
    </Page>
  );
}
