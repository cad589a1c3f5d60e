/** A keyset-paged list whose head is kept fresh while somebody looks: as the server tells, or else by polling. */
import { type QueryKey, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { flatten, layHead, type Page, type Pages } from "./head-page";
import { live } from "./live/live";
import { useSignal } from "./signal";

/** Seconds between two looks while the server tells what changes: in case it could not. */
const EVERY_WHILE_LIVE = 30;

interface PagedList<T> {
  key: QueryKey;
  fetchPage: (pageToken: string, signal: AbortSignal) => Promise<Page<T>>;
  id: (item: T) => string;
  /** Seconds between two looks at the head while the server does not tell what changes. */
  every: number;
}

export function usePages<T>({ key, fetchPage, id, every }: PagedList<T>) {
  const client = useQueryClient();
  const seconds = useSignal(live) ? EVERY_WHILE_LIVE : every;
  const list = useInfiniteQuery<Page<T>, Error, Pages<T>, QueryKey, string>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    // The head is kept fresh below; asking for every loaded page again would grow with the scrolling.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const loaded = list.data !== undefined;
  useQuery({
    queryKey: [...key, "head"],
    queryFn: async ({ signal }) => {
      const head = await fetchPage("", signal);
      client.setQueryData<Pages<T>>(key, (pages) => (pages ? layHead(pages, head, id) : pages));
      return head.items.length;
    },
    enabled: loaded && !list.isFetchingNextPage,
    refetchInterval: seconds * 1000,
    refetchOnWindowFocus: "always",
    staleTime: seconds * 1000,
    // The list came with its own first page a moment ago.
    initialData: 0,
    initialDataUpdatedAt: () => Date.now(),
  });
  const items = useMemo(() => flatten(list.data, id), [list.data, id]);
  return { ...list, items };
}
