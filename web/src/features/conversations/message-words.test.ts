import { describe, expect, test } from "vitest";
import type { Message } from "@/lib/api/types";
import { attachmentKind, firstName, preview } from "./message-words";

const incoming: Message = {
  direction: "DIRECTION_INCOMING",
  senderId: "+447700900001",
  senderName: "Lena Brandt",
};
const outgoing: Message = { direction: "DIRECTION_OUTGOING" };

describe("a message in the list", () => {
  test.each<[Message | undefined, boolean, string]>([
    [{ ...incoming, text: "Long lunch yes" }, true, "Lena: Long lunch yes"],
    [{ ...incoming, text: "Long lunch yes" }, false, "Long lunch yes"],
    [{ ...outgoing, text: "Perfect" }, false, "You: Perfect"],
    [{ ...incoming, messageType: "MESSAGE_TYPE_IMAGE" }, true, "Lena: Photo"],
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

test.each([
  ["image/heic", undefined, "Photo"],
  ["video/mp4", undefined, "Video"],
  ["application/pdf", "MESSAGE_TYPE_IMAGE", "File"],
  ["", "MESSAGE_TYPE_AUDIO", "Voice message"],
  [undefined, undefined, "File"],
])("an attachment of %s in a %s is a %s", (mime, type, words) => {
  expect(attachmentKind(mime, type).words).toBe(words);
});
