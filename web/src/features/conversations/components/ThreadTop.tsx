/** The head of a conversation: who it is with, and the way to its details. */
import { Link } from "@tanstack/react-router";
import { useCallback, useId, useRef, useState } from "react";
import { Avatar } from "@/components/ui/Avatar";
import { IconButton } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import type { Conversation } from "@/lib/api/types";
import { useShortcuts } from "@/lib/keys";
import { useNow } from "@/lib/now";
import { clockTime, dayName } from "@/lib/time";
import { plain } from "@/lib/words";
import { servicesOf, standingOf } from "../conversation-words";
import { firstName, participantName } from "../names";
import { Details } from "./Details";

export function ThreadTop({ conversation }: { conversation: Conversation | undefined }) {
  const now = useNow(60);
  const name = plain(conversation?.displayName ?? "");
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = useCallback((focus: boolean) => {
    setOpen(false);
    if (focus) button.current?.focus();
  }, []);
  useShortcuts({ i: () => setOpen(!open) }, conversation !== undefined);
  return (
    <>
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
        {conversation && (
          <IconButton
            ref={button}
            icon="panel"
            name="Details"
            aria-expanded={open}
            aria-controls={id}
            aria-keyshortcuts="I"
            onClick={() => setOpen(!open)}
          />
        )}
      </header>
      {open && conversation && (
        <Details id={id} conversation={conversation} button={button} onClose={close} />
      )}
    </>
  );
}

function subtitle(conversation: Conversation, now: Date): string {
  const several = (conversation.chats ?? []).length > 1;
  return [
    standingOf(conversation)?.word,
    conversation.isGroup ? people(conversation) : lastMessage(conversation, now),
    several && servicesOf(conversation),
  ]
    .filter(Boolean)
    .join(" · ");
}

function people(conversation: Conversation): string {
  return (conversation.participants ?? [])
    .map((person) => firstName(participantName(person)))
    .filter(Boolean)
    .join(", ");
}

function lastMessage({ lastMessageAt }: Conversation, now: Date): string {
  if (!lastMessageAt) return "";
  const at = new Date(lastMessageAt);
  const day = dayName(at, now);
  return `Last message ${/^(Today|Yesterday)$/.test(day) ? day.toLowerCase() : day}, ${clockTime(at)}`;
}
