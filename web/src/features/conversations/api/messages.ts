/** One conversation's messages, the newest first, as the server pages them. */
import { useCallback } from "react";
import { get } from "@/lib/api/client";
import type { Message, MessagePage } from "@/lib/api/types";
import { usePages } from "@/lib/use-pages";

const PAGE_SIZE = 100;

const messageId = (message: Message) => message.messageId ?? "";

export function useMessages(conversationId: string) {
  const fetchPage = useCallback(
    async (pageToken: string, signal: AbortSignal) => {
      const path = `/api/conversations/${encodeURIComponent(conversationId)}/messages`;
      const page = await get<MessagePage>(path, { pageSize: PAGE_SIZE, pageToken }, signal);
      return { items: page.messages ?? [], next: page.nextPageToken ?? "" };
    },
    [conversationId],
  );
  return usePages({ key: ["messages", conversationId], fetchPage, id: messageId, every: 2 });
}
