/** An invented account for work on the interface without a server. */
import type { Message } from "../src/lib/api/types";
import { apart } from "./fake-apart.ts";
import { before, chat, DAY, type FakeChat, HOUR, MINUTE, said } from "./fake-said.ts";
import { weekend } from "./fake-weekend.ts";

function hike(id: string): Message[] {
  const plan = said(id, "", "Yes please. Lake loop and the long lunch", DAY + 3 * HOUR - 5 * MINUTE, {
    reactions: [{ kind: "love" }, { kind: "love" }],
  });
  return [
    said(id, "Tom Okafor", "Forecast says dry until three. Are we doing the lake loop?", DAY + 3 * HOUR),
    plan,
    said(id, "Priya Nair", "", DAY + 2 * HOUR, {
      messageType: "MESSAGE_TYPE_IMAGE",
      attachments: [{ guid: "a1", name: "trail map", mimeType: "image/heic", sizeBytes: "2400000" }],
    }),
    said(id, "Lena Brandt", "I can bring the thermos and the good rolls", 17 * MINUTE, {
      editedAt: before(16 * MINUTE),
      edits: [{ text: "I can bring the thermos", editedAt: before(16 * MINUTE) }],
    }),
    said(id, "Tom Okafor", "", 16 * MINUTE, { unsentAt: before(15 * MINUTE) }),
    said(
      id,
      "Lena Brandt",
      "Long lunch yes. Could you drive, Maya? And is 8 too early for you?",
      12 * MINUTE,
      {
        replyToGuid: plan.imessageGuid,
      },
    ),
  ];
}

function gig(id: string, kofi: string): Message[] {
  const told: Message[] = [];
  for (let week = 60; week > 1; week--) {
    told.push(
      said(id, kofi, `Week ${week}: same time at the climbing wall?`, week * 7 * DAY),
      said(id, "", "Yes, see you there", week * 7 * DAY - 9 * MINUTE),
      said(id, kofi, "Bring the chalk this time", week * 7 * DAY - 12 * MINUTE),
    );
  }
  return [
    ...told,
    said(id, kofi, "So, tonight. Are you coming straight from work?", 10 * DAY + 20 * MINUTE),
    said(id, "", "Home first, I smell of paint", 10 * DAY + 18 * MINUTE),
    said(id, kofi, "Doors at seven, first band at half past", 10 * DAY + 15 * MINUTE),
    said(id, "", "Great, I can be there at quarter to", 10 * DAY + 11 * MINUTE),
    said(id, "", "How much do I owe you for the ticket?", 10 * DAY + 10 * MINUTE),
    said(id, kofi, "The tickets are in my name, so we have to go in together", 10 * DAY + 5 * MINUTE),
    said(id, kofi, "You owe me one coffee, large", 10 * DAY + 4 * MINUTE),
    said(id, "", "That I can manage", 10 * DAY),
    said(id, kofi, "Still ringing in my left ear. Worth it", 8 * DAY),
    said(id, "", "Best drummer I have seen in years", 8 * DAY - 4 * MINUTE),
    said(id, kofi, "They play again in September, two nights", HOUR + 2 * MINUTE),
    said(id, kofi, "No rush, but which of the two dates is better?", HOUR),
  ];
}

function one(name: string, text: string, age: number): FakeChat {
  const mine = text.startsWith("You: ");
  return chat(name, false, [name], (id) => [
    said(id, name, "Hello, are you there?", age + 30 * MINUTE),
    said(id, mine ? "" : name, mine ? text.slice(5) : text, age),
  ]);
}

export function chats(): FakeChat[] {
  return [
    chat("Sunday hike", true, ["Lena Brandt", "Tom Okafor", "Priya Nair"], hike),
    one("Ruth Adeyemi", "Did the plumber call you back in the end?", 41 * MINUTE),
    chat("Kofi Duarte", false, ["Kofi Duarte"], (id) => gig(id, "Kofi Duarte")),
    chat("Building board", true, ["Iris Holm", "Sam Roe"], (id) => [
      said(id, "Iris Holm", "can someone let the meter reader in?", 2 * DAY),
    ]),
    one("Jonas Lind", "You: Perfect, see you at seven then", 2 * HOUR),
    one("Mum", "You: Will call you on Saturday morning", 2 * DAY),
    one("נועה אלון", "You: תודה! נדבר מחר", 2 * DAY + HOUR),
    chat("Book club", true, ["Petra Novak", "Ines Prado"], (id) => [
      said(id, "Petra Novak", "page 212 and already lost", 3 * DAY),
      said(id, "", "Same, and I like it", 3 * DAY - HOUR),
    ]),
    one("<b>Bo</b>", "You: <script>alert(1)</script> is how my day went", 4 * DAY),
    weekend(),
    ...apart(),
    one(
      "+44 20 7946 0042",
      "You: AVeryLongWordWithoutAnySpacesThatMustBreakInsteadOfPushingThePageSideways",
      20 * DAY,
    ),
  ];
}

export const DRAFTS = [
  "Happy to drive! 8 is fine if the thermos is full by then. I can pick you up first and then get Tom, does Priya still need a lift?",
  "Yes I’ll drive. 8 works, see you at yours",
  "I’ll drive if you promise me a window seat at lunch. Make it 8:15?",
];
