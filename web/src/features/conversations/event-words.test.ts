import { describe, expect, test } from "vitest";
import type { GroupEventKind, Message } from "@/lib/api/types";
import { eventSentence, eventWords } from "./event-words";

type Event = NonNullable<Message["groupEvent"]>;

const ANA: Message = {
  direction: "DIRECTION_INCOMING",
  messageType: "MESSAGE_TYPE_GROUP_EVENT",
  senderId: "+447700900001",
  senderName: "Ana Lindqvist",
  destination: "maya@example.org",
};
const YOU: Message = { direction: "DIRECTION_OUTGOING", messageType: "MESSAGE_TYPE_GROUP_EVENT" };
const BEN = { handle: "ben@example.org", name: "Ben Osei" };

function words(kind: string, more: Event = {}, message: Message = ANA): string {
  const groupEvent = { kind: `GROUP_EVENT_KIND_${kind}` as GroupEventKind, ...more };
  return eventWords({ ...message, groupEvent });
}

describe("an event is one sentence", () => {
  test.each<[string, Event, Message, string]>([
    ["ADDED", BEN, ANA, "Ana added Ben"],
    ["ADDED", BEN, YOU, "You added Ben"],
    ["ADDED", { handle: "+447700900042" }, ANA, "Ana added +447700900042"],
    ["ADDED", { handle: "maya@example.org", name: "Maya" }, ANA, "Ana added you"],
    ["ADDED", { handle: "+447700900001", name: "Ana Lindqvist" }, ANA, "Ana joined"],
    ["REMOVED", BEN, ANA, "Ana removed Ben"],
    ["REMOVED", { handle: "+447700900001" }, ANA, "Ana left"],
    ["LEFT", {}, ANA, "Ana left"],
    ["LEFT", {}, YOU, "You left"],
    ["NUMBER_CHANGED", {}, ANA, "Ana has a new number"],
    ["NUMBER_CHANGED", {}, YOU, "You have a new number"],
    ["RENAMED", { title: "Hiking" }, ANA, "Ana named the conversation “Hiking”"],
    ["RENAMED", {}, ANA, "Ana removed the conversation’s name"],
    ["PHOTO_CHANGED", {}, ANA, "Ana changed the group photo"],
    ["PHOTO_REMOVED", {}, ANA, "Ana removed the group photo"],
    ["BACKGROUND_CHANGED", {}, ANA, "Ana changed the background"],
    ["BACKGROUND_REMOVED", {}, ANA, "Ana removed the background"],
    ["LOCATION_STARTED", {}, ANA, "Ana started sharing a location"],
    ["LOCATION_STOPPED", {}, YOU, "You stopped sharing a location"],
    ["AUDIO_KEPT", {}, YOU, "You kept a voice message"],
    ["CALL", {}, ANA, "Ana started FaceTime or SharePlay"],
    ["UNSPECIFIED", {}, ANA, "The group changed"],
    ["OF_A_LATER_VERSION", {}, ANA, "The group changed"],
  ])("%s %j", (kind, event, message, sentence) => expect(words(kind, event, message)).toBe(sentence));

  test("whatever is missing", () => {
    const nobody: Message = { messageType: "MESSAGE_TYPE_GROUP_EVENT" };

    expect(eventWords(nobody)).toBe("The group changed");
    expect(eventWords({ ...nobody, text: "Somebody waved" })).toBe("Somebody waved");
    expect(words("ADDED", {}, nobody)).toBe("Somebody added somebody");
    expect(words("LEFT", {}, nobody)).toBe("Somebody left");
  });
});

test("names and titles are told apart from our words, without what turns them around", () => {
  const groupEvent: Event = { kind: "GROUP_EVENT_KIND_RENAMED", title: "<b>Hi\u202eking</b>" };

  expect(eventSentence({ ...ANA, groupEvent })).toEqual([
    { theirs: "Ana" },
    " named the conversation “",
    { theirs: "<b>Hiking</b>" },
    "”",
  ]);
});
