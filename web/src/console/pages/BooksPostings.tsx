/** Payments and refunds on their way into the books: what needs a person, what waits, and what stands there. */

import { FailedJobs } from "../parts/FailedJobs";
import { Block } from "../parts/Page";
import { Postings } from "../parts/Postings";

export function BooksNeedsYou() {
  return (
    <>
      <Block title="Needs you" flush>
        <Postings state="needs_you" />
      </Block>
      <FailedJobs />
    </>
  );
}

export function BooksWaiting() {
  return (
    <Block title="Waiting" flush>
      <Postings state="waiting" />
    </Block>
  );
}

export function BooksPosted() {
  return (
    <Block title="In the books" flush>
      <Postings state="posted" />
    </Block>
  );
}

export function BooksSkipped() {
  return (
    <Block title="Left out" flush>
      <Postings state="skipped" />
    </Block>
  );
}
