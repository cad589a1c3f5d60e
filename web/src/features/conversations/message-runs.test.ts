import { describe, expect, test } from "vitest";
import type { Message } from "@/lib/api/types";
import { groupMessages } from "./message-runs";

/** "Lena 10:38" to a message; "me" is the owner. */
function message(who: string, clock: string, more: Partial<Message> = {}): Message {
  const mine = who === "me";
  return {
    messageId: `${who} ${clock}`,
    direction: mine ? "DIRECTION_OUTGOING" : "DIRECTION_INCOMING",
    ...(!mine && { senderId: who }),
    sentAt: `2025-06-13T${clock}:00`,
    text: "words",
    ...more,
  };
}

/** Each message as its place in a run: "(" begins one, ")" ends one. */
function runs(...oldestFirst: Message[]): string {
  return groupMessages([...oldestFirst].reverse())
    .map((day) => day.messages.map(({ first, last }) => `${first ? "(" : ""}.${last ? ")" : ""}`).join(""))
    .join("|");
}

describe("runs", () => {
  test.each([
    ["one person, close together", [message("Lena", "10:38"), message("Lena", "10:41")], "(..)"],
    ["two people", [message("Lena", "10:38"), message("Tom", "10:39")], "(.)(.)"],
    [
      "the owner between",
      [message("Lena", "10:38"), message("me", "10:39"), message("Lena", "10:40")],
      "(.)(.)(.)",
    ],
    ["a long pause", [message("Lena", "10:38"), message("Lena", "10:48")], "(.)(.)"],
    [
      "an unsent one",
      [message("Lena", "10:38"), message("Lena", "10:39", { unsentAt: "x" }), message("Lena", "10:40")],
      "(.)(.)(.)",
    ],
    [
      "a group event",
      [message("Lena", "10:38"), message("Lena", "10:39", { messageType: "MESSAGE_TYPE_GROUP_EVENT" })],
      "(.)(.)",
    ],
    ["what is scheduled", [message("me", "10:38"), message("me", "10:39", { isScheduled: true })], "(.)(.)"],
    [
      "midnight",
      [message("Lena", "23:59"), message("Lena", "23:59", { sentAt: "2025-06-14T00:01:00" })],
      "(.)|(.)",
    ],
  ] as const)("%s", (_name, messages, expected) => expect(runs(...messages)).toBe(expected));

  test("nothing is nothing", () => {
    expect(groupMessages([])).toEqual([]);
  });

  test("days are named by their date, oldest first", () => {
    const days = groupMessages([
      message("me", "10:00"),
      message("me", "x", { sentAt: "2025-06-12T10:00:00" }),
    ]);

    expect(days.map((day) => day.key)).toEqual(["2025-06-12", "2025-06-13"]);
  });
});
