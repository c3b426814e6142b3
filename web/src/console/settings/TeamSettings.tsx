/** Who may sign in, and what each may do. */

import { Page } from "../parts/Page";
import { Team } from "../parts/Team";
import { OwnersOnly } from "./OwnersOnly";

export function TeamSettings() {
  return (
    <Page title="Team">
      <OwnersOnly what="manage the team">
        <Team />
      </OwnersOnly>
    </Page>
  );
}
