/** A conversation: who it is with, its messages, and below them whatever the page puts there. */
import { type ReactNode, useCallback, useMemo } from "react";
import { Failed } from "@/components/ui/Empty";
import { Code, isCode } from "@/lib/api/error";
import type { Message } from "@/lib/api/types";
import { useTitle } from "@/lib/document-title";
import { plain } from "@/lib/words";
import { newestToAnswer } from "../answerable";
import { useConversation, useConversations } from "../api/conversations";
import { useMessages } from "../api/messages";
import { isNamedBy, standingOf } from "../conversation-words";
import { PeopleProvider, usePeople } from "../people";
import { MessageLog } from "./MessageLog";
import { NoConversation } from "./NoConversation";
import { ThreadTop } from "./ThreadTop";

export interface DockProps {
  /** What a draft answers. Undefined until the messages are here, or when there is none. */
  newest: Message | undefined;
  /** Messages have arrived. */
  ready: boolean;
  /** Why no drafts are made here, where none are. */
  closed: string;
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
  const listed = useConversations().items.find((item) => isNamedBy(item, conversationId));
  const own = useConversation(conversationId);
  const messages = useMessages(conversationId);
  const conversation = listed ?? own.data;
  const people = usePeople(conversation);
  const closed = (conversation && standingOf(conversation)?.closed) ?? "";
  const newest = useMemo(() => newestToAnswer(messages.items), [messages.items]);
  const showMessage = useCallback((messageId: string) => {
    document.getElementById(`m-${messageId}`)?.scrollIntoView({ block: "center" });
  }, []);
  useTitle(plain(conversation?.displayName ?? ""));

  if (isCode(own.error, Code.NOT_FOUND) || isCode(own.error, Code.INVALID_ARGUMENT))
    return <NoConversation />;
  return (
    <main className="thread" id="main">
      <ThreadTop conversation={conversation} />
      {messages.isError && messages.items.length === 0 ? (
        <Failed what="The messages" retry={() => messages.refetch()} />
      ) : (
        <PeopleProvider value={people}>
          <MessageLog
            list={messages}
            group={conversation?.isGroup ?? false}
            name={plain(conversation?.displayName ?? "")}
            target={target}
            query={query}
            onShow={showMessage}
          />
        </PeopleProvider>
      )}
      {dock({ newest: closed ? undefined : newest, ready: messages.isSuccess, closed, showMessage })}
    </main>
  );
}
