/** What a search found: messages that jump to their place, and names. */
import { Link, useSearch as useUrlSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Avatar } from "@/components/ui/Avatar";
import { Button } from "@/components/ui/Button";
import { Empty, Failed } from "@/components/ui/Empty";
import { Later } from "@/components/ui/Later";
import { LoadMore } from "@/components/ui/LoadMore";
import type { MessageHit } from "@/lib/api/types";
import { useNow } from "@/lib/now";
import { shortTime } from "@/lib/time";
import { counted } from "@/lib/words";
import { useConversations } from "../api/conversations";
import { useSearch } from "../api/search";
import { firstName, isOutgoing, senderName } from "../names";
import { MessageText } from "./MessageText";

interface SearchResultsProps {
  query: string;
  onClose: () => void;
  field: ReactNode;
  heading: ReactNode;
}

export function SearchResults({ query, onClose, field, heading }: SearchResultsProps) {
  const search = useSearch(query);
  const now = useNow(60);
  const open = useUrlSearch({ strict: false }).m;
  const hits = (search.data?.pages ?? []).flatMap((page) => page.hits ?? []);
  const found = `${counted(hits.length, "message")}${search.hasNextPage ? " so far" : ""}`;
  return (
    <>
      <header>
        <div className="ttl">
          {heading}
          <Button kind="ghost" hint="Esc" onClick={onClose}>
            Close
          </Button>
        </div>
        {field}
      </header>
      <div className="rows">
        <p className="sr" role="status">
          {search.isSuccess ? found : ""}
        </p>
        {search.isPending && (
          <Later>
            <p className="searching small faint">Searching</p>
          </Later>
        )}
        {search.isError && hits.length === 0 && <Failed what="The search" retry={() => search.refetch()} />}
        {search.isSuccess && hits.length === 0 && (
          <Empty icon="search" title={<>Nothing with “{query}”</>}>
            Every word must be in one message. Try fewer words or fewer letters.
          </Empty>
        )}
        {hits.length > 0 && (
          <h3>
            <span>{found}</span>
            <span>Newest first</span>
          </h3>
        )}
        <ul>
          {hits.map((hit) => (
            <Hit key={hit.message?.messageId} hit={hit} query={query} now={now} open={open} />
          ))}
        </ul>
        {search.hasNextPage && (
          <LoadMore
            label="More messages"
            loading={search.isFetchingNextPage}
            failed={search.isFetchNextPageError}
            onMore={() => search.fetchNextPage()}
          />
        )}
        <Names query={query} />
      </div>
    </>
  );
}

function Hit({
  hit,
  query,
  now,
  open,
}: {
  hit: MessageHit;
  query: string;
  now: Date;
  open: string | undefined;
}) {
  const message = hit.message ?? {};
  return (
    <li>
      <Link
        className="hit"
        to="/conversations/$conversationId"
        params={{ conversationId: message.conversationId ?? "" }}
        search={{ q: query, m: message.messageId }}
        aria-current={message.messageId === open ? "true" : undefined}
      >
        <span className="l1">
          <b className="clip">
            <bdi>{hit.conversationName || "Unnamed"}</bdi>
          </b>
          {message.sentAt && (
            <time dateTime={message.sentAt}>{shortTime(new Date(message.sentAt), now)}</time>
          )}
        </span>
        <span className="found" dir="auto">
          {sender(hit)}
          <MessageText text={message.text ?? ""} query={query} />
        </span>
      </Link>
    </li>
  );
}

/** "You: ", "Petra: "; in a conversation of two, the other's name is already there. */
function sender({ message, conversationName }: MessageHit): string {
  if (!message || (!isOutgoing(message) && message.senderName === conversationName)) return "";
  return `${firstName(senderName(message))}: `;
}

/** People and groups of the list by their names. */
function Names({ query }: { query: string }) {
  const wanted = query.toLocaleLowerCase();
  const found = useConversations().items.filter((conversation) =>
    conversation.displayName?.toLocaleLowerCase().includes(wanted),
  );
  return (
    <>
      <h3>People and groups</h3>
      {found.length === 0 && <p className="none small faint">No name contains “{query}”.</p>}
      <ul>
        {found.slice(0, 10).map((conversation) => (
          <li key={conversation.conversationId}>
            <Link
              className="conv by-name"
              to="/conversations/$conversationId"
              params={{ conversationId: conversation.conversationId ?? "" }}
              search={{ q: query }}
            >
              <Avatar name={conversation.displayName ?? ""} size="s" />
              <span className="name clip">
                <bdi>{conversation.displayName}</bdi>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
