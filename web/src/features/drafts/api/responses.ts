/** The drafts that the server keeps, and what the owner does with them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post } from "@/lib/api/client";
import type {
  ActOnResponseRequest,
  ActOnResponseResponse,
  GeneratedResponse,
  ResponsePage,
} from "@/lib/api/types";

export function responsesKey(conversationId: string) {
  return ["responses", conversationId];
}

export function useResponses(conversationId: string) {
  return useQuery({
    queryKey: responsesKey(conversationId),
    queryFn: async ({ signal }) => {
      const path = `/api/conversations/${encodeURIComponent(conversationId)}/responses`;
      return (await get<ResponsePage>(path, { pageSize: 50 }, signal)).responses ?? [];
    },
    staleTime: 5_000,
  });
}

export type Act = ActOnResponseRequest & { responseId: string };

export function useAct(conversationId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ responseId, ...action }: Act) =>
      post<ActOnResponseResponse>(`/api/responses/${encodeURIComponent(responseId)}/action`, action),
    onSuccess: ({ response }) => {
      client.setQueryData<GeneratedResponse[]>(responsesKey(conversationId), (kept = []) =>
        response ? lay(kept, response) : kept,
      );
    },
    onSettled: () => client.invalidateQueries({ queryKey: responsesKey(conversationId) }),
  });
}

/** Put a draft in its place among those that are known, or before them all when it is new. */
function lay(kept: readonly GeneratedResponse[], response: GeneratedResponse): GeneratedResponse[] {
  const known = kept.some((item) => item.responseId === response.responseId);
  if (!known) return [response, ...kept];
  return kept.map((item) => (item.responseId === response.responseId ? response : item));
}
