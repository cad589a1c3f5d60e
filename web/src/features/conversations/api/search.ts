/** Messages by the words in them. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import type { SearchPage } from "@/lib/api/types";

export function useSearch(query: string) {
  return useInfiniteQuery({
    queryKey: ["search", query],
    queryFn: ({ pageParam, signal }) =>
      get<SearchPage>("/api/messages:search", { query, pageSize: 30, pageToken: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (page: SearchPage) => page.nextPageToken || undefined,
    enabled: query !== "",
  });
}
