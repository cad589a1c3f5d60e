/** Tapbacks, on the corner of what they are for. */
import { Icon } from "@/components/ui/Icon";
import type { Reaction } from "@/lib/api/types";
import { useNameOf } from "../people";
import { groupReactions } from "../reaction-words";

/** More kinds than these would be wider than a short message. */
const SHOWN = 4;

export function Reactions({ reactions }: { reactions: readonly Reaction[] }) {
  const nameOf = useNameOf();
  if (reactions.length === 0) return null;
  const groups = groupReactions(reactions, nameOf);
  const words = groups.map((group) => group.words).join(", ");
  return (
    <span className="tap" title={words}>
      <span className="sr">{words}</span>
      {groups.slice(0, SHOWN).map(({ kind, icon, sign, times }) => (
        <span className="kind" key={kind} aria-hidden="true">
          {icon ? <Icon name={icon} /> : <span className="sign">{sign}</span>}
          {times > 1 && <span>{times}</span>}
        </span>
      ))}
      {groups.length > SHOWN && <span aria-hidden="true">+{groups.length - SHOWN}</span>}
    </span>
  );
}
