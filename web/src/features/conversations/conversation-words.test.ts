import { describe, expect, test } from "vitest";
import type { Conversation } from "@/lib/api/types";
import { addressOf, chatFacts, isNamedBy, servicesOf, standingOf } from "./conversation-words";

test.each<[Conversation, string | undefined]>([
  [{}, undefined],
  [{ isFiltered: true }, "Unknown sender"],
  [{ isShortCode: true, isFiltered: true }, "Automatic"],
  [{ isSelf: true }, "Note to self"],
  [{ isOrphaned: true, isFiltered: true }, "Without a conversation"],
])("%j is told as %s", (conversation, word) => expect(standingOf(conversation)?.word).toBe(word));

test("no drafts are made in notes to oneself and for messages without a conversation", () => {
  expect(standingOf({ isSelf: true })?.closed).toBeTruthy();
  expect(standingOf({ isOrphaned: true })?.closed).toBeTruthy();
  expect(standingOf({ isFiltered: true })?.closed).toBeUndefined();
});

describe("a chat", () => {
  test.each([
    ["iMessage;-;+447700900001", "+447700900001"],
    ["any;-;ana@example.org", "ana@example.org"],
    ["iMessage;+;chat831920", ""],
    ["", ""],
    [undefined, ""],
    ["nonsense", ""],
  ])("%s has the address %j", (imessageId, address) => {
    expect(addressOf({ ...(imessageId !== undefined && { imessageId }) })).toBe(address);
  });

  test("is told by its service and its messages", () => {
    expect(chatFacts({ service: "SMS", messageCount: "1204" })).toBe("SMS, 1,204 messages");
    expect(chatFacts({ messageCount: "1" })).toBe("1 message");
    expect(chatFacts({})).toBe("0 messages");
  });
});

test("services are named once each", () => {
  const chats = [{ service: "iMessage" }, { service: "SMS" }, { service: "iMessage" }, {}];

  expect(servicesOf({ chats })).toBe("iMessage and SMS");
  expect(servicesOf({ service: "RCS" })).toBe("RCS");
  expect(servicesOf({})).toBe("");
});

test("the ids of all its chats name a conversation", () => {
  const conversation = { conversationId: "a", chats: [{ chatId: "a" }, { chatId: "b" }] };

  expect(["a", "b", "c", "", undefined].map((id) => isNamedBy(conversation, id))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
