/** The messages, anchored at the bottom: it follows only a reader who is there, and moves under nobody. */
import { useMemo } from "react";
import { Button } from "@/components/ui/Button";
import { Later } from "@/components/ui/Later";
import { LoadMore } from "@/components/ui/LoadMore";
import type { Message } from "@/lib/api/types";
import { useNow } from "@/lib/now";
import { dayName } from "@/lib/time";
import type { useMessages } from "../api/messages";
import { groupMessages } from "../message-runs";
import { useAnchoredScroll } from "../use-anchored-scroll";
import { useMessageTarget } from "../use-message-target";
import { MessageRow } from "./MessageRow";

interface MessageLogProps {
  list: ReturnType<typeof useMessages>;
  group: boolean;
  name: string;
  target: string | undefined;
  query: string;
  onShow: (messageId: string) => void;
}

export function MessageLog({ list, group, name, target, query, onShow }: MessageLogProps) {
  const now = useNow(60);
  const days = useMemo(() => groupMessages(list.items), [list.items]);
  const byGuid = useMemo(() => index(list.items), [list.items]);
  const scroll = useAnchoredScroll(newestSent(list.items));
  const looking = useMessageTarget(target, list, onShow);
  return (
    <div className="scroll-frame">
      <div
        className="scroll"
        ref={scroll.ref}
        onScroll={scroll.onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a log scrolls with the keyboard.
        tabIndex={0}
        role="log"
        aria-label={name ? `Messages with ${name}` : "Messages"}
        // Older messages that are scrolled to are no news.
        aria-live={scroll.atBottom ? "polite" : "off"}
        aria-busy={list.isPending}
      >
        <div className={group ? "col log" : "col log solo"}>
          {list.hasNextPage && (
            <LoadMore
              label="Earlier messages"
              loading={list.isFetchingNextPage}
              failed={list.isFetchNextPageError}
              onMore={() => list.fetchNextPage()}
            />
          )}
          {list.isPending && <Skeleton />}
          {list.isSuccess && list.items.length === 0 && <p className="event">No messages here</p>}
          {days.map((day) => (
            <section key={day.key} aria-label={dayName(day.at, now)}>
              <p className="day">
                <time dateTime={day.key}>{dayName(day.at, now)}</time>
              </p>
              {day.messages.map((item) => (
                <MessageRow
                  key={item.message.messageId}
                  item={item}
                  group={group}
                  found={item.message.messageId === target}
                  query={query}
                  repliedTo={byGuid.get(item.message.replyToGuid ?? "")}
                  onShow={onShow}
                />
              ))}
            </section>
          ))}
        </div>
      </div>
      {looking && (
        <p className="looking" role="status">
          Looking for the message
        </p>
      )}
      {!scroll.atBottom && (
        <Button className="latest" icon="down" onClick={scroll.toBottom}>
          Jump to latest
        </Button>
      )}
    </div>
  );
}

function index(messages: readonly Message[]): Map<string, Message> {
  return new Map(messages.map((message) => [message.imessageGuid ?? message.messageId ?? "", message]));
}

/** What is scheduled stands below all that arrives. */
function newestSent(messages: readonly Message[]): string | undefined {
  return messages.find((message) => !message.isScheduled)?.messageId;
}

function Skeleton() {
  return (
    <Later>
      <div className="log-ghosts" role="status">
        <span className="sr">Loading the messages</span>
        <i />
        <i />
        <i />
        <i />
      </div>
    </Later>
  );
}
