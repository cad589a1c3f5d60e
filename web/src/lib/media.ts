/** Media queries as state, where markup and not only style depends on the width. */
import { useSyncExternalStore } from "react";

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", onChange);
      return () => list.removeEventListener("change", onChange);
    },
    () => window.matchMedia(query).matches,
  );
}

/** Either the list or the conversation is shown, not both. */
export const ONE_COLUMN = "(max-width: 860px)";

/** A tab bar under the thumb instead of the rail. */
export const PHONE = "(max-width: 720px)";
