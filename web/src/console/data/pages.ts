/** Collections that come page by page: read the first, more when asked, and keep the first one fresh. */

import { infiniteQueryOptions, type InfiniteData, useInfiniteQuery, type UseQueryResult } from "@tanstack/react-query";
import type { Problem } from "../../api/problem";

export type Page<T> = { items: T[]; next_cursor?: string | null };

/** The console asks this often for what is on screen. */
export const REFRESH_MILLISECONDS = 5_000;

/** Returns the query of a collection. Only a list that fits one page is polled: reading ten again would be waste. */
export function pages<T>(key: readonly unknown[], read: (cursor: string | undefined) => Promise<Page<T>>) {
  return infiniteQueryOptions<Page<T>, Problem, InfiniteData<Page<T>>, readonly unknown[], string | undefined>({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : REFRESH_MILLISECONDS),
    placeholderData: (before) => before,
  });
}

export type Listing<T> = {
  /** Undefined while the first page loads. */
  items: T[] | undefined;
  problem: Problem | null;
  retry: () => void;
  /** Reads the next page; null when there is none. */
  more: (() => void) | null;
  loadingMore: boolean;
};

export function useListing<T>(query: ReturnType<typeof pages<T>>): Listing<T> {
  const answer = useInfiniteQuery(query);
  return {
    items: answer.data?.pages.flatMap((page) => page.items),
    problem: answer.data ? null : answer.error,
    retry: () => void answer.refetch(),
    more: answer.hasNextPage ? () => void answer.fetchNextPage() : null,
    loadingMore: answer.isFetchingNextPage,
  };
}

/** Returns a collection that comes whole as a listing. */
export function wholeListing<Answer, T>(answer: UseQueryResult<Answer, Error>, itemsOf: (answer: Answer) => T[]): Listing<T> {
  return {
    items: answer.data && itemsOf(answer.data),
    problem: answer.data ? null : (answer.error as Problem | null),
    retry: () => void answer.refetch(),
    more: null,
    loadingMore: false,
  };
}
