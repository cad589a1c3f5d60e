/** A conversation in words: what sets it apart, and by which addresses and services it is had. */
import type { Chat, Conversation } from "@/lib/api/types";
import { count, listed, plain } from "@/lib/words";

export interface Standing {
  /** A word or two, for the list. */
  word: string;
  /** What it means, for the details. */
  meaning: string;
  /** Why no draft is made here, where none is. */
  closed?: string;
}

/** What sets a conversation apart from one with somebody, if anything does. */
export function standingOf(conversation: Conversation): Standing | undefined {
  if (conversation.isOrphaned) {
    return {
      word: "Without a conversation",
      meaning: "Messages that belong to no conversation on your Mac. No drafts are made here.",
      closed: "No drafts here: these messages belong to no conversation",
    };
  }
  if (conversation.isSelf) {
    return {
      word: "Note to self",
      meaning: "Your notes to yourself. No drafts are made here.",
      closed: "No drafts here: these are your own notes",
    };
  }
  if (conversation.isShortCode) {
    return {
      word: "Automatic",
      meaning: "A machine writes here. A draft is made only when you ask for one.",
    };
  }
  if (conversation.isFiltered) {
    return {
      word: "Unknown sender",
      meaning: "Messages on your Mac filed it apart. A draft is made only when you ask for one.",
    };
  }
  return undefined;
}

/** The ids of its other chats name the same conversation. */
export function isNamedBy(conversation: Conversation, id: string | undefined): boolean {
  if (!id) return false;
  return conversation.conversationId === id || (conversation.chats ?? []).some((chat) => chat.chatId === id);
}

/** The address of a chat with one person: "+447700900001" of "iMessage;-;+447700900001"; empty for a group. */
export function addressOf(chat: Chat): string {
  const [, style, ...address] = (chat.imessageId ?? "").split(";");
  return style === "-" ? plain(address.join(";")) : "";
}

/** "iMessage, 1,204 messages" */
export function chatFacts(chat: Chat): string {
  return [chat.service, messages(chat.messageCount)].filter(Boolean).join(", ");
}

export function messages(value: string | number | undefined): string {
  return `${count(value)} ${Number(value ?? 0) === 1 ? "message" : "messages"}`;
}

/** "iMessage and SMS", once each, in the order of the chats. */
export function servicesOf(conversation: Conversation): string {
  const services = (conversation.chats ?? []).map((chat) => chat.service ?? "").filter(Boolean);
  return listed([...new Set(services.length > 0 ? services : [conversation.service ?? ""])].filter(Boolean));
}
