/** No conversation is open: who waits for a reply. */
import { Link } from "@tanstack/react-router";
import { Avatar } from "@/components/ui/Avatar";
import { useTitle } from "@/lib/document-title";
import { useNow } from "@/lib/now";
import { since } from "@/lib/time";
import { numberWord } from "@/lib/words";
import { useConversations } from "../api/conversations";

const SHOWN = 6;

export function Queue() {
  useTitle("Conversations");
  const list = useConversations();
  const now = useNow(60);
  const waiting = list.items.filter((conversation) => conversation.needsReply);
  if (!list.isSuccess) return <main className="page calm" id="main" />;
  return (
    <main className="page calm" id="main">
      <div className="in">
        <h1>{headline(waiting.length, list.items.length)}</h1>
        <p>
          {list.items.length > 0
            ? "Nothing is sent until you send it."
            : "Conversations appear here as soon as your Mac brings them."}
        </p>
        {waiting.length > 0 && (
          <ul className="queue">
            {waiting.slice(0, SHOWN).map((conversation) => (
              <li key={conversation.conversationId}>
                <Link
                  to="/conversations/$conversationId"
                  params={{ conversationId: conversation.conversationId ?? "" }}
                >
                  <Avatar name={conversation.displayName ?? ""} size="s" />
                  <span className="clip">
                    <b>
                      <bdi>{conversation.displayName}</bdi>
                    </b>{" "}
                    {conversation.lastMessageAt && (
                      <span className="faint">since {since(new Date(conversation.lastMessageAt), now)}</span>
                    )}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
        {list.items.length > 0 && (
          <p className="keys" aria-hidden="true">
            <span>
              <kbd>J</kbd>
              <kbd>K</kbd> move
            </span>
            <span>
              <kbd>↵</kbd> open
            </span>
            <span>
              <kbd>/</kbd> search
            </span>
            <span>
              <kbd>?</kbd> all shortcuts
            </span>
          </p>
        )}
      </div>
    </main>
  );
}

function headline(waiting: number, all: number): string {
  if (all === 0) return "Nothing to answer yet";
  if (waiting === 0) return "Nobody waits for a reply";
  return waiting === 1
    ? "One conversation needs a reply"
    : `${numberWord(waiting)} conversations need a reply`;
}
