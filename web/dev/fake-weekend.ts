/** One group in which everything happens that Messages knows. */
import type { GroupEventKind, Message } from "../src/lib/api/types";
import { before, chat, DAY, type FakeChat, HOUR, MINUTE, said } from "./fake-said.ts";

const ANA = "Ana Lindqvist";
const BEN = "Ben Osei";
const CLEO = "Cleo Marchetti";

function event(
  id: string,
  who: string,
  kind: GroupEventKind,
  age: number,
  more: { name?: string; handle?: string; title?: string } = {},
): Message {
  return said(id, who, "", age, {
    messageType: "MESSAGE_TYPE_GROUP_EVENT",
    groupEvent: { kind, ...more },
  });
}

function events(id: string): Message[] {
  const at = 3 * DAY;
  return [
    event(id, ANA, "GROUP_EVENT_KIND_ADDED", at, { name: BEN, handle: BEN }),
    event(id, ANA, "GROUP_EVENT_KIND_RENAMED", at - MINUTE, { title: "Weekend in the hut" }),
    event(id, CLEO, "GROUP_EVENT_KIND_PHOTO_CHANGED", at - 2 * MINUTE),
    event(id, "", "GROUP_EVENT_KIND_BACKGROUND_CHANGED", at - 3 * MINUTE),
    event(id, BEN, "GROUP_EVENT_KIND_REMOVED", at - 4 * MINUTE, { handle: "+44 7700 900077" }),
    event(id, CLEO, "GROUP_EVENT_KIND_NUMBER_CHANGED", at - 5 * MINUTE),
    event(id, BEN, "GROUP_EVENT_KIND_LOCATION_STARTED", at - 6 * MINUTE),
    event(id, BEN, "GROUP_EVENT_KIND_LOCATION_STOPPED", at - 7 * MINUTE),
    event(id, "", "GROUP_EVENT_KIND_AUDIO_KEPT", at - 8 * MINUTE),
    event(id, ANA, "GROUP_EVENT_KIND_CALL", at - 9 * MINUTE),
    event(id, "Dora Whitfield", "GROUP_EVENT_KIND_LEFT", at - 10 * MINUTE),
    event(id, ANA, "GROUP_EVENT_KIND_UNSPECIFIED", at - 11 * MINUTE),
  ];
}

function files(id: string): Message[] {
  const at = 2 * DAY;
  return [
    said(id, ANA, "The hut from last year, and what we need", at, {
      attachments: [
        { guid: "w1", name: "IMG_2041.HEIC", mimeType: "image/heic", sizeBytes: "2400000" },
        { guid: "w2", name: "IMG_2042.HEIC", uti: "public.heic", sizeBytes: "3100000", isOffloaded: true },
        { guid: "w3", name: "packing list.pdf", uti: "com.adobe.pdf", sizeBytes: "88000" },
      ],
    }),
    said(id, BEN, "", at - 20 * MINUTE, {
      messageType: "MESSAGE_TYPE_AUDIO",
      attachments: [
        {
          guid: "w4",
          name: "Audio Message.caf",
          uti: "com.apple.coreaudio-format",
          sizeBytes: "164000",
          transcription: "I am at the shop, they have no gas canisters, do we know anybody who has one left?",
        },
      ],
      reactions: [{ senderId: ANA, kind: "laugh", part: 0 }],
    }),
    said(id, CLEO, "", at - 30 * MINUTE, {
      messageType: "MESSAGE_TYPE_STICKER",
      attachments: [{ guid: "w5", name: "dancing goat", uti: "public.heic", isSticker: true }],
    }),
    said(id, CLEO, "", at - 31 * MINUTE, {
      attachments: [
        { guid: "w6", name: "Hut keeper.vcf", mimeType: "text/vcard", sizeBytes: "900" },
        { guid: "w7", name: "Arrival.ics", uti: "com.apple.ical.ics", sizeBytes: "1200" },
      ],
    }),
  ];
}

function words(id: string): Message[] {
  const at = DAY;
  return [
    said(id, ANA, "Keys are at number 12, blue door. @Ben can you fetch them, and @Maya the map?", at, {
      subject: "Keys and map",
      mentions: [
        { handle: BEN, start: 34, length: 4 },
        { handle: "maya", start: 63, length: 5 },
        { handle: CLEO, start: 400, length: 9 },
      ],
      reactions: [
        { senderId: BEN, kind: "like" },
        { kind: "like" },
        { senderId: CLEO, kind: "🎉" },
        { senderId: BEN, kind: "sticker" },
        { senderId: CLEO, kind: "2009" },
        { senderId: ANA, kind: "question" },
      ],
    }),
    said(id, BEN, "https://hut.example/rooms?night=2", at - 8 * MINUTE, {
      messageType: "MESSAGE_TYPE_LINK",
      app: { bundleId: "com.apple.messages.URLBalloonProvider", label: "Rooms and prices, Hut on the Ridge" },
      attachments: [{ guid: "w8", name: "3A0F.pluginPayloadAttachment" }],
      reactions: [{ senderId: ANA, kind: "love" }],
    }),
    said(
      id,
      BEN,
      "Bus times are on https://bus.example/line/64 (and https://bus.example/map_(ridge)).",
      at - 10 * MINUTE,
    ),
    said(id, CLEO, "", at - 40 * MINUTE, {
      messageType: "MESSAGE_TYPE_APP",
      app: { bundleId: "com.apple.messages.Polls", label: "Poll: Friday night or Saturday morning?" },
    }),
    said(id, CLEO, "", at - 41 * MINUTE, { textUndecodable: true }),
    said(id, BEN, "Then Friday it is", at - 60 * MINUTE, {
      unsentParts: [1],
      editedAt: before(at - 62 * MINUTE),
      edits: [
        { text: "Then Saturday it is", editedAt: before(at - 61 * MINUTE) },
        { text: "with breakfast", editedAt: before(at - 62 * MINUTE), part: 1 },
      ],
    }),
  ];
}

function delivery(id: string): Message[] {
  const at = 3 * HOUR;
  return [
    said(id, "", "Friday works for me", at + 20 * MINUTE, {
      isDelivered: true,
      isRead: true,
      readAt: before(at),
    }),
    said(id, ANA, "Good. I drive", at + 5 * MINUTE),
    said(id, "", "I bring the stove", at, { isDelivered: true, deliveredAt: before(at) }),
    said(id, BEN, "And I bring appetite", at - 4 * MINUTE),
    said(id, "", "Sending you the list once more", at - 10 * MINUTE, { errorCode: "22" }),
    said(id, "", "Did it arrive?", at - 11 * MINUTE, { isDelivered: true, deliveredAt: before(at) }),
    said(id, CLEO, "All here. See you at six!", at - 15 * MINUTE),
    said(id, "", "Wake up, everybody, the bus leaves in an hour", -20 * HOUR, { isScheduled: true }),
  ];
}

const HANDLES: Record<string, string> = {
  [ANA]: "+44 7700 900121",
  [BEN]: "ben@mail.example",
  [CLEO]: "+44 7700 900123",
};

/** As the server has it: people are known by their handles. */
function byHandle(message: Message): Message {
  const handle = (name: string | undefined) => HANDLES[name ?? ""] ?? name ?? "";
  return {
    ...message,
    senderId: handle(message.senderId),
    reactions: (message.reactions ?? []).map((one) => ({ ...one, senderId: handle(one.senderId) })),
  };
}

export function weekend(): FakeChat {
  const people = [ANA, BEN, CLEO];
  const tell = (id: string) => [...events(id), ...files(id), ...words(id), ...delivery(id)].map(byHandle);
  const participants = people.map((name) => ({ displayName: name, handle: HANDLES[name]! }));
  return chat("Weekend in the hut", true, people, tell, { participants });
}
