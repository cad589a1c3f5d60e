/** Ending the session: nothing of it stays in this tab. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "@/lib/api/client";
import { Code, isCode } from "@/lib/api/error";
import { sessionQuery } from "@/lib/queries/session";
import { forgetTyped } from "@/lib/store";

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      try {
        await post("/api/auth/signout", {});
      } catch (error) {
        // The session had already ended, which is what was asked for.
        if (!isCode(error, Code.UNAUTHENTICATED)) throw error;
      }
    },
    onSuccess: () => {
      forgetTyped();
      client.setQueryData(sessionQuery.queryKey, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
    },
  });
}
