/** Keys for programs, and where their way in is described. */

import { ApiKeys } from "../parts/ApiKeys";
import { Page } from "../parts/Page";
import { OwnersOnly } from "./OwnersOnly";

export function ApiKeySettings() {
  return (
    <OwnersOnly title="API keys" what="manage API keys">
      <Page title="API keys">
        <ApiKeys />
        <p className="quiet">
          Everything that this console does can be done by a program too: <a href="/openapi.json">the API’s description</a>{" "}
          (OpenAPI).
        </p>
      </Page>
    </OwnersOnly>
  );
}
