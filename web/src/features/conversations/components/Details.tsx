/** What is known of a conversation: its people, and by which addresses and services it is had. */
import { type RefObject, useEffect, useRef } from "react";
import { IconButton } from "@/components/ui/Button";
import type { Conversation } from "@/lib/api/types";
import { plain } from "@/lib/words";
import { addressOf, chatFacts, messages, servicesOf, standingOf } from "../conversation-words";
import { participantName } from "../names";

interface DetailsProps {
  id: string;
  conversation: Conversation;
  /** What opened it; a click there is its own affair. */
  button: RefObject<HTMLButtonElement | null>;
  /** With the keyboard's place, or without when it is elsewhere by now. */
  onClose: (focus: boolean) => void;
}

export function Details({ id, conversation, button, onClose }: DetailsProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
      // The topmost thing only: a draft that is being written goes on.
      event.preventDefault();
      event.stopPropagation();
      onClose(true);
    };
    const onPointer = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!panel.current?.contains(target) && !button.current?.contains(target)) onClose(false);
    };
    document.addEventListener("keydown", onKey, true);
    document.addEventListener("pointerdown", onPointer);
    return () => {
      document.removeEventListener("keydown", onKey, true);
      document.removeEventListener("pointerdown", onPointer);
    };
  }, [button, onClose]);

  const standing = standingOf(conversation);
  return (
    <section className="sheet" id={id} ref={panel} aria-label="Details of this conversation">
      <header>
        <h2>This conversation</h2>
        <IconButton icon="cross" name="Close the details" onClick={() => onClose(true)} />
      </header>
      {standing && (
        <p className="standing">
          <b>{standing.word}</b>
          {standing.meaning}
        </p>
      )}
      <People conversation={conversation} />
      <Chats conversation={conversation} />
      <p className="total">{messages(conversation.messageCount)}</p>
    </section>
  );
}

/** Who is in a group; a conversation of two has its other side in its head, and their addresses among the chats. */
function People({ conversation }: { conversation: Conversation }) {
  const people = conversation.participants ?? [];
  if (people.length === 0 || (!conversation.isGroup && (conversation.chats ?? []).length > 0)) return null;
  return (
    <>
      <h3>{people.length === 1 ? "With" : "People"}</h3>
      <ul>
        {people.map((person) => {
          const name = participantName(person);
          const handle = plain(person.handle ?? "");
          return (
            <li key={person.handle}>
              <bdi>{name}</bdi>
              {handle !== name && <bdi className="facts-line">{handle}</bdi>}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** The chats of Messages that are shown as this one conversation. */
function Chats({ conversation }: { conversation: Conversation }) {
  const chats = conversation.chats ?? [];
  if (chats.length === 0) return null;
  return (
    <>
      <h3>{chats.length > 1 ? `${chats.length} chats in Messages, shown as one` : "By way of"}</h3>
      <ul>
        {chats.map((chat) => (
          <li key={chat.chatId}>
            <bdi>{addressOf(chat) || (conversation.isGroup ? "Group" : servicesOf(conversation))}</bdi>
            <span className="facts-line">{chatFacts(chat)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
