/** Tapbacks, put together by kind. */
import type { IconName } from "@/components/ui/Icon";
import type { Reaction } from "@/lib/api/types";
import { listed } from "@/lib/words";

export interface ReactionGroup {
  kind: string;
  /** An icon of ours, or a sign that is text. */
  icon?: IconName;
  sign?: string;
  times: number;
  /** "Loved by Ana and you". */
  words: string;
}

interface Look {
  icon?: IconName;
  sign?: string;
  words: string;
}

const LOOKS = new Map<string, Look>([
  ["love", { icon: "heart", words: "Loved" }],
  ["like", { icon: "thumb", words: "Liked" }],
  ["dislike", { icon: "thumbDown", words: "Disliked" }],
  ["laugh", { sign: "Ha", words: "Laughed at" }],
  ["emphasize", { sign: "!!", words: "Emphasised" }],
  ["question", { sign: "?", words: "Questioned" }],
  ["sticker", { icon: "sticker", words: "Sticker" }],
]);

const UNKNOWN: Look = { icon: "chat", words: "Reaction" };

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\ufe0f?\u20e3)/u;
/** The longest emoji that there are, families and flags of regions, have fewer code units. */
const LONGEST = 24;

/** One emoji, whole: neither a number that nobody knows, nor a word, nor a chain of emoji. */
function isEmoji(kind: string): boolean {
  return kind.length <= LONGEST && EMOJI.test(kind) && [...characters.segment(kind)].length === 1;
}

function lookOf(kind: string): Look {
  return LOOKS.get(kind) ?? (isEmoji(kind) ? { sign: kind, words: `Reaction ${kind}` } : UNKNOWN);
}

/** The kinds in the order of their first reaction; all that nobody knows are one kind. */
export function groupReactions(
  reactions: readonly Reaction[],
  nameOf: (handle: string) => string,
): ReactionGroup[] {
  const groups = new Map<string, { look: Look; names: string[] }>();
  for (const { kind = "", senderId = "" } of reactions) {
    const look = lookOf(kind);
    const group = groups.get(look.words) ?? { look, names: [] };
    group.names.push(senderId ? nameOf(senderId) : "you");
    groups.set(look.words, group);
  }
  return [...groups.values()].map(({ look, names }) => ({
    ...look,
    kind: look.words,
    times: names.length,
    words: `${look.words} by ${listed(names)}`,
  }));
}
