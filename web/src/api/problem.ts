/** What can go wrong when the API is asked, as a sentence for people (RFC 9457 problem details). */

export type FieldError = { field: string; message: string };

/** The API answered with a problem, or did not answer (`status` 0). `kind` is the last part of its `type`. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly fields: FieldError[] = [],
    readonly reference: string = "",
  ) {
    super(message);
    this.name = "Problem";
  }

  /** Returns the message for one field, or undefined; `lines.0.name` also answers for `body.lines.0.name`. */
  field(name: string): string | undefined {
    return this.fields.find((error) => error.field === name || error.field.endsWith(`.${name}`))?.message;
  }
}

export const NETWORK_AWAY = "network-away";

/** Returns the problem of an answer that was not a success. */
export function problemOf(response: Response, body: unknown): Problem {
  const reference = response.headers.get("x-request-id") ?? "";
  if (isRecord(body)) {
    const kind = String(body["type"] ?? "").split("/").at(-1) ?? "";
    const detail = body["detail"] ?? body["title"];
    if (typeof detail === "string" && detail) {
      return new Problem(response.status, kind, detail, fieldErrors(body["errors"]), reference);
    }
  }
  const sentence =
    response.status >= 500
      ? "The server could not answer just now. Nothing was changed; please try again in a moment."
      : `The server refused this (status ${response.status}).`;
  return new Problem(response.status, "unknown", sentence, [], reference);
}

/** Returns the problem of a request that got no answer at all. */
export function networkAway(): Problem {
  return new Problem(0, NETWORK_AWAY, "No connection to the server. Check your network and try again.");
}

function fieldErrors(errors: unknown): FieldError[] {
  if (!Array.isArray(errors)) return [];
  return errors
    .filter((error) => isRecord(error))
    .map((error) => ({ field: String(error["field"] ?? ""), message: String(error["message"] ?? "") }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
