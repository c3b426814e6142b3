/** Who may sign in, and what each may do. */

import { Page } from "../parts/Page";
import { Team } from "../parts/Team";
import { OwnersOnly } from "./OwnersOnly";

export function TeamSettings() {
  return (
    <OwnersOnly title="Team" what="manage the team">
      <Page title="Team">
        <Team />
      </Page>
    </OwnersOnly>
  );
}
