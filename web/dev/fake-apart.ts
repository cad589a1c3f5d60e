/** Conversations that are not like the others: several chats as one, machines, strangers, notes, strange names. */
import type { Attachment, Conversation, Message } from "../src/lib/api/types";
import { before, chat, DAY, type FakeChat, HOUR, MINUTE, said, uuid } from "./fake-said.ts";

/** A conversation of two that ends with files and no words. */
function files(name: string, type: Message["messageType"], attachments: Attachment[], age: number): FakeChat {
  return chat(name, false, [name], (id) => [
    said(id, "", "Show me", age + 5 * MINUTE, { isRead: true, readAt: before(age + 4 * MINUTE) }),
    said(id, name, "", age, { messageType: type, attachments }),
  ]);
}

function marked(
  name: string,
  text: string,
  age: number,
  more: Partial<Conversation>,
  of: Partial<Message> = {},
) {
  return chat(name, false, [name], (id) => [said(id, name, text, age, of)], more);
}

function several(): FakeChat {
  const phone = "+44 7700 900114";
  const chats = [
    { chatId: uuid(), imessageId: `iMessage;-;${phone}`, service: "iMessage", messageCount: "1204" },
    { chatId: uuid(), imessageId: `SMS;-;${phone}`, service: "SMS", messageCount: "86" },
    { chatId: uuid(), imessageId: "iMessage;-;nina@mail.example", service: "iMessage", messageCount: "1" },
  ];
  const tell = (id: string) => [
    said(id, "Nina Falk", "I write from my new address now", 4 * DAY, { chatId: chats[2]!.chatId }),
    said(id, "", "Noted, thank you", 4 * DAY - HOUR, { isDelivered: true }),
  ];
  return chat("Nina Falk", false, ["Nina Falk"], tell, { chats, messageCount: "1291", service: "iMessage" });
}

export function apart(): FakeChat[] {
  return [
    several(),
    files("Emre Kaya", "MESSAGE_TYPE_IMAGE", [{ guid: "p1", mimeType: "image/jpeg" }], 4 * DAY + HOUR),
    files(
      "Sofia Reyes",
      "MESSAGE_TYPE_IMAGE",
      [
        { guid: "p2", mimeType: "image/jpeg", name: "IMG_0001.JPG", sizeBytes: "1800000" },
        { guid: "p3", uti: "public.heic", name: "IMG_0002.HEIC", sizeBytes: "2100000" },
      ],
      4 * DAY + 2 * HOUR,
    ),
    files("Hugo Lang", "MESSAGE_TYPE_AUDIO", [{ guid: "p4", uti: "com.apple.coreaudio-format" }], 5 * DAY),
    files("Mei Tan", "MESSAGE_TYPE_STICKER", [{ guid: "p5", isSticker: true }], 5 * DAY + HOUR),
    marked(
      "62226",
      "481 920 is your code. Do not share it.",
      5 * DAY + 2 * HOUR,
      { isShortCode: true },
      { hasOneTimeCode: true },
    ),
    marked(
      "+44 7700 900199",
      "You have won! Claim at https://prize.example/now",
      6 * DAY,
      { isFiltered: true },
      { isSpam: true },
    ),
    chat("Maya", false, [], (id) => [said(id, "", "Passport renewal, photos first", 6 * DAY)], {
      isSelf: true,
    }),
    marked("Messages without a conversation", "Are you still at the old number?", 7 * DAY, {
      isOrphaned: true,
    }),
    marked(
      "Ava \u202egpj.exe",
      "javascript:alert(1) and https://bank.example@evil.example",
      8 * DAY,
      {},
      {
        messageType: "MESSAGE_TYPE_LINK",
        app: { label: "Your bank \u202emoc.elpmaxe" },
      },
    ),
  ];
}
