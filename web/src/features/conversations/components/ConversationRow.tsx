/** One conversation in the list: one link. */
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { Avatar } from "@/components/ui/Avatar";
import type { Conversation } from "@/lib/api/types";
import { plain } from "@/lib/words";
import { standingOf } from "../conversation-words";
import { preview } from "../message-words";

interface ConversationRowProps {
  conversation: Conversation;
  current: boolean;
  /** When its newest message was sent, in words: they change as time passes, and the row with them. */
  when: string;
}

export const ConversationRow = memo(function ConversationRow({
  conversation,
  current,
  when,
}: ConversationRowProps) {
  const id = conversation.conversationId ?? "";
  const name = plain(conversation.displayName ?? "") || "Unnamed";
  const standing = standingOf(conversation);
  const last = preview(conversation.lastMessage, conversation.isGroup ?? false);
  return (
    <li>
      <Link
        className="conv"
        to="/conversations/$conversationId"
        params={{ conversationId: id }}
        aria-current={current ? "true" : undefined}
      >
        <Avatar name={name} />
        <span className="name clip">
          <bdi>{name}</bdi>
        </span>
        {when && <time dateTime={conversation.lastMessageAt}>{when}</time>}
        {standing ? (
          <span className="pre clip">
            <span className="standing">{standing.word}</span> <bdi>{last}</bdi>
          </span>
        ) : (
          <span className="pre clip" dir="auto">
            {last}
          </span>
        )}
      </Link>
    </li>
  );
});
