/** A person or a group as one or two letters. The name stands beside it, so it is not read out. */
import { initials, shade } from "@/lib/words";

export function Avatar({ name, size = "" }: { name: string; size?: "" | "s" | "l" }) {
  return (
    <span className={["avatar", size, shade(name)].filter(Boolean).join(" ")} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
