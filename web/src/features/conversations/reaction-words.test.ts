import { expect, test } from "vitest";
import type { Reaction } from "@/lib/api/types";
import { groupReactions } from "./reaction-words";

const nameOf = (handle: string) => ({ a: "Ana", b: "Ben" })[handle] ?? handle;

const words = (...reactions: Reaction[]) => groupReactions(reactions, nameOf).map((group) => group.words);

test("say who reacted, the owner among them, by kind", () => {
  expect(
    words(
      { kind: "love", senderId: "a" },
      { kind: "like", senderId: "b" },
      { kind: "love" },
      { kind: "love", senderId: "+447700900042", part: 1 },
    ),
  ).toEqual(["Loved by Ana, you and +447700900042", "Liked by Ben"]);
});

test.each([
  ["🎉", "🎉", "Reaction 🎉 by Ana"],
  ["👩🏽‍❤️‍💋‍👨🏿", "👩🏽‍❤️‍💋‍👨🏿", "Reaction 👩🏽‍❤️‍💋‍👨🏿 by Ana"],
  ["🇪🇪", "🇪🇪", "Reaction 🇪🇪 by Ana"],
  ["1️⃣", "1️⃣", "Reaction 1️⃣ by Ana"],
  ["laugh", "Ha", "Laughed at by Ana"],
  ["sticker", undefined, "Sticker by Ana"],
  ["2009", undefined, "Reaction by Ana"],
  ["", undefined, "Reaction by Ana"],
  ["<b>bold</b>", undefined, "Reaction by Ana"],
  ["constructor", undefined, "Reaction by Ana"],
  ["🎉🎉🎉🎉🎉", undefined, "Reaction by Ana"],
  ["👍\u202egpj", undefined, "Reaction by Ana"],
  [`🎉${"\u0301".repeat(45)}`, undefined, "Reaction by Ana"],
])("the kind %j has the sign %s", (kind, sign, said) => {
  const [group] = groupReactions([{ kind, senderId: "a" }], nameOf);

  expect(group?.sign).toBe(sign);
  expect(group?.words).toBe(said);
});

test("kinds that nobody knows are one", () => {
  expect(words({ kind: "2009", senderId: "a" }, { kind: "2010", senderId: "b" })).toEqual([
    "Reaction by Ana and Ben",
  ]);
});
