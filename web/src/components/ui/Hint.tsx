/** The key that does the same, as it is printed: for the eye only, aria-keyshortcuts says it to others. */
import type { ReactNode } from "react";

export function Hint({ children }: { children: ReactNode }) {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus.
  return <kbd aria-hidden="true">{children}</kbd>;
}
