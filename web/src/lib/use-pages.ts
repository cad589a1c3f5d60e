/** A keyset-paged list whose head is polled while somebody looks. */
import { type QueryKey, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { flatten, layHead, type Page, type Pages } from "./head-page";

interface PagedList<T> {
  key: QueryKey;
  fetchPage: (pageToken: string, signal: AbortSignal) => Promise<Page<T>>;
  id: (item: T) => string;
  /** Seconds between two looks at the head. */
  every: number;
}

export function usePages<T>({ key, fetchPage, id, every }: PagedList<T>) {
  const client = useQueryClient();
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
    refetchInterval: every * 1000,
    refetchOnWindowFocus: "always",
    staleTime: every * 1000,
    // The list came with its own first page a moment ago.
    initialData: 0,
    initialDataUpdatedAt: () => Date.now(),
  });
  const items = useMemo(() => flatten(list.data, id), [list.data, id]);
  return { ...list, items };
}
