/** How the parts of the installation are. */
import { queryOptions } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import type { Health } from "@/lib/api/types";

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => get<Health>("/health", {}, signal),
  refetchInterval: 10_000,
});
