/** A mail as its reader sees it: in a frame that runs no script and follows no link. */

export function MailPreview({ html, title }: { html: string; title: string }) {
  return (
    <iframe
      className="mail-preview"
      title={title}
      sandbox=""
      srcDoc={html}
      referrerPolicy="no-referrer"
    />
  );
}
