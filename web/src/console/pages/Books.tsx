/** The frame of all pages of the books: their title, the places within, and the one that is open. */

import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { overviewQuery } from "../data/books";
import { BooksNav } from "../parts/BooksNav";
import { Page } from "../parts/Page";

export function Books() {
  const { data } = useQuery(overviewQuery);
  return (
    <Page title="Books">
      <div className="books">
        <BooksNav overview={data} />
        <div className="books-page">
          <Outlet />
        </div>
      </div>
    </Page>
  );
}
