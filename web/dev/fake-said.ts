/** How invented messages and conversations are made. */
import type { Conversation, Message } from "../src/lib/api/types";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

let serial = 0;

export function uuid(): string {
  serial += 1;
  return `0198f3a0-0000-7000-8000-${String(serial).padStart(12, "0")}`;
}

export function before(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

export function said(
  conversationId: string,
  who: string,
  text: string,
  age: number,
  more: Partial<Message> = {},
): Message {
  const messageId = uuid();
  return {
    messageId,
    conversationId,
    imessageGuid: `guid-${messageId}`,
    ...(who === ""
      ? { direction: "DIRECTION_OUTGOING" }
      : { direction: "DIRECTION_INCOMING", senderId: who, senderName: who }),
    messageType: "MESSAGE_TYPE_TEXT",
    text,
    sentAt: before(age),
    ...more,
  };
}

export interface FakeChat {
  conversation: Conversation;
  /** Oldest first. */
  messages: Message[];
}

export function chat(
  name: string,
  isGroup: boolean,
  people: string[],
  tell: (id: string) => Message[],
  more: Partial<Conversation> = {},
): FakeChat {
  const id = uuid();
  const participants = people.map((person) => ({ handle: person, displayName: person }));
  const conversation: Conversation = {
    conversationId: id,
    displayName: name,
    isGroup,
    participants,
    settings: {},
    ...more,
  };
  const messages = tell(id);
  return { conversation: { messageCount: String(messages.length), ...conversation }, messages };
}
