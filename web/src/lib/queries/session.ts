/** Who is signed in. */
import { queryOptions } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import { Code, isCode } from "@/lib/api/error";
import type { Session } from "@/lib/api/types";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  /** Null: nobody is signed in, which is an answer and no failure. */
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await get<Session>("/api/auth/session", {}, signal);
    } catch (error) {
      if (isCode(error, Code.UNAUTHENTICATED)) return null;
      throw error;
    }
  },
  staleTime: 60_000,
  // Nothing can be shown before the answer: whoever opened the page while the server starts need not ask again by hand.
  refetchInterval: (query) => (query.state.status === "error" && !query.state.data ? 2_000 : false),
});
