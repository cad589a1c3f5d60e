/** A conversation: who it is with, its messages, and below them whatever the page puts there. */
import { Link } from "@tanstack/react-router";
import { type ReactNode, useCallback, useMemo } from "react";
import { Avatar } from "@/components/ui/Avatar";
import { Failed } from "@/components/ui/Empty";
import { Icon } from "@/components/ui/Icon";
import { Code, isCode } from "@/lib/api/error";
import type { Conversation, Message } from "@/lib/api/types";
import { useTitle } from "@/lib/document-title";
import { useNow } from "@/lib/now";
import { clockTime, dayName } from "@/lib/time";
import { useConversation, useConversations } from "../api/conversations";
import { useMessages } from "../api/messages";
import { newestWithText } from "../message-runs";
import { firstName } from "../message-words";
import { MessageLog } from "./MessageLog";
import { NoConversation } from "./NoConversation";

export interface DockProps {
  /** The newest message with words: what a draft answers. Undefined until the messages are here, or when there is none. */
  newest: Message | undefined;
  /** Messages have arrived. */
  ready: boolean;
  showMessage: (messageId: string) => void;
}

interface ThreadProps {
  conversationId: string;
  /** The message to show, from a search. */
  target: string | undefined;
  query: string;
  dock: (props: DockProps) => ReactNode;
}

export function Thread({ conversationId, target, query, dock }: ThreadProps) {
  const listed = useConversations().items.find((item) => item.conversationId === conversationId);
  const own = useConversation(conversationId);
  const messages = useMessages(conversationId);
  const conversation = listed ?? own.data;
  const newest = useMemo(() => newestWithText(messages.items), [messages.items]);
  const showMessage = useCallback((messageId: string) => {
    document.getElementById(`m-${messageId}`)?.scrollIntoView({ block: "center" });
  }, []);
  useTitle(conversation?.displayName ?? "");

  if (isCode(own.error, Code.NOT_FOUND) || isCode(own.error, Code.INVALID_ARGUMENT))
    return <NoConversation />;
  return (
    <main className="thread" id="main">
      <Top conversation={conversation} />
      {messages.isError && messages.items.length === 0 ? (
        <Failed what="The messages" retry={() => messages.refetch()} />
      ) : (
        <MessageLog
          list={messages}
          group={conversation?.isGroup ?? false}
          name={conversation?.displayName ?? ""}
          target={target}
          query={query}
          onShow={showMessage}
        />
      )}
      {dock({ newest, ready: messages.isSuccess, showMessage })}
    </main>
  );
}

function Top({ conversation }: { conversation: Conversation | undefined }) {
  const now = useNow(60);
  const name = conversation?.displayName ?? "";
  return (
    <header className="top">
      <Link className="btn ghost icon back" to="/conversations" aria-label="Back to conversations">
        <Icon name="back" />
      </Link>
      {conversation && <Avatar name={name} />}
      <div className="grow">
        <h1 className="clip">
          {conversation ? <bdi>{name || "Unnamed"}</bdi> : <span className="sr">Loading</span>}
        </h1>
        {conversation && (
          <p className="clip" dir="auto">
            {subtitle(conversation, now)}
          </p>
        )}
      </div>
    </header>
  );
}

function subtitle(conversation: Conversation, now: Date): string {
  if (conversation.isGroup) {
    return (conversation.participants ?? [])
      .map((person) => firstName(person.displayName || person.handle || ""))
      .filter(Boolean)
      .join(", ");
  }
  if (!conversation.lastMessageAt) return "";
  const at = new Date(conversation.lastMessageAt);
  const day = dayName(at, now);
  const clock = clockTime(at);
  return `Last message ${/^(Today|Yesterday)$/.test(day) ? day.toLowerCase() : day}, ${clock}`;
}
