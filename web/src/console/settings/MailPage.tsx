/** Whom mail comes from and who gets none; the mails themselves stand under Mail. */

import { Link } from "@tanstack/react-router";
import { MailSettings } from "../parts/MailSettings";
import { Page } from "../parts/Page";

export function MailPage() {
  return (
    <Page title="Mail">
      <MailSettings />
      <p className="quiet">
        What was sent, and the words of each mail, stand under{" "}
        <Link to="/mail" search={{ tab: "texts" }}>
          Mail, Texts
        </Link>
        .
      </p>
    </Page>
  );
}
