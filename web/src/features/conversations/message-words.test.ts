import { describe, expect, test } from "vitest";
import type { Message } from "@/lib/api/types";
import { preview } from "./message-words";
import { firstName, senderName } from "./names";

const incoming: Message = {
  direction: "DIRECTION_INCOMING",
  senderId: "+447700900001",
  senderName: "Lena Brandt",
};
const outgoing: Message = { direction: "DIRECTION_OUTGOING" };
const photo = { guid: "p", mimeType: "image/heic" };
const voice = { guid: "v", uti: "com.apple.coreaudio-format" };

describe("a message in the list", () => {
  test.each<[Message | undefined, boolean, string]>([
    [{ ...incoming, text: "Long lunch yes" }, true, "Lena: Long lunch yes"],
    [{ ...incoming, text: "Long lunch yes" }, false, "Long lunch yes"],
    [{ ...outgoing, text: "Perfect" }, false, "You: Perfect"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_IMAGE" }, true, "Lena: Photo"],
    [{ ...incoming, attachments: [photo] }, true, "Lena: Photo"],
    [{ ...incoming, attachments: [photo, { ...photo, guid: "q" }] }, false, "2 photos"],
    [{ ...incoming, attachments: [photo, voice] }, false, "2 attachments"],
    [{ ...outgoing, attachments: [voice] }, false, "You: Voice message"],
    [{ ...incoming, attachments: [{ ...photo, isSticker: true }] }, false, "Sticker"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_APP", app: { label: "Poll" } }, false, "Poll"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_APP" }, false, "App message"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_LINK" }, false, "Link"],
    [{ ...incoming, subject: "Keys" }, false, "Keys"],
    [{ ...incoming, textUndecodable: true }, false, "The text of this message could not be read"],
    [{ ...incoming, unsentAt: "x" }, false, "Lena unsent a message"],
    [{ ...outgoing, unsentAt: "x" }, true, "You unsent a message"],
    [{ ...incoming, senderName: "", text: "hi" }, true, "+447700900001: hi"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_GROUP_EVENT" }, true, "The group changed"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_TEXT" }, false, "Message without text"],
    [undefined, false, "No messages"],
  ])("%j in a group: %s", (message, group, words) => expect(preview(message, group)).toBe(words));
});

test.each([
  ["Lena Brandt", "Lena"],
  ["+44 20 7946 0042", "+44 20 7946 0042"],
  ["lena@example.org", "lena@example.org"],
  ["נועה אלון", "נועה"],
])("%s is called %s", (name, called) => expect(firstName(name)).toBe(called));

test("a name cannot turn around what stands after it", () => {
  expect(senderName({ ...incoming, senderName: "Eve \u202enimda\u202c" })).toBe("Eve nimda");
});
