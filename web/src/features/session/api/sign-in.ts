/** Beginning and ending a session. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post, sessionsLost } from "@/lib/api/client";
import { ApiError, Code } from "@/lib/api/error";
import type { Session, SignInResponse } from "@/lib/api/types";
import { sessionQuery } from "@/lib/queries/session";
import { duration } from "@/lib/time";

export interface Credentials {
  account: string;
  password: string;
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ account, password }: Credentials) =>
      post<SignInResponse>("/api/auth/signin", account ? { account, password } : { password }),
    onSuccess: async ({ account, expiresAt }) => {
      const before = client.getQueryData(sessionQuery.queryKey)?.account?.accountId;
      // Somebody else signed in: nothing of the one before may stay on the screen.
      if (before && before !== account?.accountId) client.clear();
      sessionsLost.set(0);
      const session: Session = { account, expiresAt };
      client.setQueryData(sessionQuery.queryKey, session);
      await client.invalidateQueries({
        predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0],
      });
    },
  });
}

/** Why signing in failed, for the person who tried. */
export function signInProblem(error: unknown): string {
  if (!(error instanceof ApiError)) return "Something went wrong here. Reload the page and try again.";
  if (error.unreachable || error.code === Code.UNAVAILABLE) {
    return "Your server does not answer. Try again in a moment.";
  }
  if (error.code === Code.RESOURCE_EXHAUSTED) {
    const wait = error.retryAfter ? `in ${duration(error.retryAfter)}` : "in a few minutes";
    return `Too many tries. Try again ${wait}.`;
  }
  if (error.code === Code.UNAUTHENTICATED) return "That password does not match.";
  return error.message;
}

/** The server has more than one account and must be told which. */
export function needsAccount(error: unknown): boolean {
  return error instanceof ApiError && error.code === Code.INVALID_ARGUMENT && error.field === "account";
}
