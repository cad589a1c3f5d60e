/** One conversation with its draft panel: the only place where the two features meet. */
import { useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { type DockProps, Thread } from "@/features/conversations/components/Thread";
import { firstName, isOutgoing, senderName } from "@/features/conversations/names";
import { DraftDock } from "@/features/drafts/components/DraftDock";

export function ConversationPage() {
  const { conversationId } = useParams({ from: "/conversations/$conversationId" });
  const { q = "", m } = useSearch({ from: "/conversations/$conversationId" });
  // The key: nothing of one conversation is ever shown in another.
  return (
    <Thread
      key={conversationId}
      conversationId={conversationId}
      query={q}
      target={m}
      dock={(props) => <Dock conversationId={conversationId} {...props} />}
    />
  );
}

function Dock({
  conversationId,
  newest,
  ready,
  closed,
  showMessage,
}: DockProps & { conversationId: string }) {
  const messageId = newest?.messageId;
  const who = newest ? (isOutgoing(newest) ? "you" : firstName(senderName(newest))) : "";
  const sentAt = newest?.sentAt ?? "";
  const target = useMemo(
    () => (messageId ? { messageId, who, at: new Date(sentAt) } : undefined),
    [messageId, who, sentAt],
  );
  return (
    <DraftDock
      conversationId={conversationId}
      newest={target}
      ready={ready}
      closed={closed}
      showMessage={showMessage}
    />
  );
}
