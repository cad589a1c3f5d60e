/** The conversations, the one with the newest message first. */
import { useQuery } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import type { Conversation, ConversationPage, GetConversationResponse } from "@/lib/api/types";
import { usePages } from "@/lib/use-pages";

const PAGE_SIZE = 100;

const conversationId = (conversation: Conversation) => conversation.conversationId ?? "";

async function fetchPage(pageToken: string, signal: AbortSignal) {
  const page = await get<ConversationPage>("/api/conversations", { pageSize: PAGE_SIZE, pageToken }, signal);
  return { items: page.conversations ?? [], next: page.nextPageToken ?? "" };
}

export function useConversations() {
  return usePages({ key: ["conversations"], fetchPage, id: conversationId, every: 4 });
}

export function useConversation(id: string) {
  return useQuery({
    queryKey: ["conversation", id],
    queryFn: async ({ signal }) => {
      const answer = await get<GetConversationResponse>(
        `/api/conversations/${encodeURIComponent(id)}`,
        {},
        signal,
      );
      return answer.conversation ?? {};
    },
    staleTime: 10_000,
  });
}
