import { describe, expect, test } from "vitest";
import type { Message } from "@/lib/api/types";
import { newestToAnswer } from "./answerable";

const LENA: Message = {
  messageId: "lena",
  direction: "DIRECTION_INCOMING",
  senderId: "lena",
  text: "Could you drive?",
  sentAt: "2025-06-13T10:41:00Z",
};
const later = (more: Message): Message => ({
  ...LENA,
  messageId: "later",
  sentAt: "2025-06-13T10:45:00Z",
  ...more,
});
const photo = { guid: "p", mimeType: "image/heic" };
const link: Message = { text: "https://hut.example", messageType: "MESSAGE_TYPE_LINK" };

const answered = (...newestFirst: Message[]) => newestToAnswer(newestFirst)?.messageId;

describe("a draft answers what came last", () => {
  test.each<[string, Message]>([
    ["in words", {}],
    ["of the owner's own", { direction: "DIRECTION_OUTGOING" }],
    ["in a subject", { text: "", subject: "Keys" }],
    ["as a file of somebody else's", { text: "", attachments: [photo] }],
    ["as a link", link],
  ])("%s", (_name, more) => expect(answered(later(more), LENA)).toBe("later"));
});

describe("a draft passes over", () => {
  test.each<[string, Message]>([
    ["what is scheduled", { isScheduled: true }],
    ["one-time codes", { hasOneTimeCode: true }],
    ["spam", { isSpam: true }],
    ["what was unsent", { unsentAt: "2025-06-13T10:46:00Z" }],
    ["events", { messageType: "MESSAGE_TYPE_GROUP_EVENT", text: "Lena left" }],
    ["what has no words", { text: " " }],
    ["what could not be read", { text: "", textUndecodable: true }],
    ["files of the owner's own", { text: "", direction: "DIRECTION_OUTGOING", attachments: [photo] }],
    ["pieces of a balloon", { text: "", attachments: [{ name: "0.pluginPayloadAttachment" }] }],
  ])("%s", (_name, more) => expect(answered(later(more), LENA)).toBe("lena"));

  test("the preview of a link that stands right before, and of no other", () => {
    const said: Message = { ...LENA, text: "https://hut.example", sentAt: "2025-06-13T10:44:30Z" };

    expect(answered(later(link), said)).toBe("lena");
    expect(answered(later(link), later({ messageId: "between", text: "" }), said)).toBe("lena");
    expect(answered(later(link), { ...said, sentAt: "2025-06-13T10:43:00Z" })).toBe("later");
    expect(answered(later(link), { ...said, senderId: "tom" })).toBe("later");
  });
});

test("where nothing can be answered, nothing is", () => {
  expect(answered()).toBeUndefined();
  expect(answered(later({ isSpam: true }))).toBeUndefined();
});
