/** Tapbacks, on the corner of what they are for. */
import type { ReactNode } from "react";
import { Icon } from "@/components/ui/Icon";
import type { Reaction } from "@/lib/api/types";

const KINDS: Record<string, { sign: ReactNode; words: string }> = {
  love: { sign: <Icon name="heart" />, words: "Loved" },
  like: { sign: <Icon name="thumb" />, words: "Liked" },
  dislike: { sign: <Icon name="thumbDown" />, words: "Disliked" },
  laugh: { sign: "Ha", words: "Laughed at" },
  emphasize: { sign: "!!", words: "Emphasised" },
  question: { sign: "?", words: "Questioned" },
  sticker: { sign: <Icon name="photo" />, words: "Sticker" },
};

export function Reactions({ reactions }: { reactions: readonly Reaction[] }) {
  if (reactions.length === 0) return null;
  const counts = new Map<string, number>();
  for (const { kind } of reactions) counts.set(kind ?? "", (counts.get(kind ?? "") ?? 0) + 1);
  const kinds = [...counts];
  return (
    <span className="tap">
      <span className="sr">
        {kinds.map(([kind, times]) => `${KINDS[kind]?.words ?? `Reaction ${kind}`} by ${times}`).join(", ")}
      </span>
      {kinds.map(([kind, times]) => (
        <span className="kind" key={kind} aria-hidden="true">
          {KINDS[kind]?.sign ?? kind}
          {times > 1 && <span>{times}</span>}
        </span>
      ))}
    </span>
  );
}
