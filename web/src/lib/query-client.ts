/** How server state is kept: what is worth asking again, and when. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError, Code } from "./api/error";

function worthRetrying(failures: number, error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  // Two more tries for a part that is just coming back; whatever polls asks again by itself.
  return failures < 2 && (error.unreachable || error.code === Code.UNAVAILABLE);
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: worthRetrying,
        retryDelay: (attempt) => 500 * 2 ** attempt,
        // The browser's idea of "offline" says nothing about a server on this very machine.
        networkMode: "always",
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
