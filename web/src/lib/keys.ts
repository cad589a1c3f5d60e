/** Keyboard shortcuts: letters that work outside text fields, never while an input method composes. */
import { useEffect, useRef } from "react";

const TEXT_FIELDS = "input, textarea, select, [contenteditable='true']";
const ACTIVATED_BY_ENTER = "a[href], button, summary, [role='radio']";

export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

function ignored(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  // Safari ends a composition with a keydown that only keyCode 229 tells apart.
  if (event.isComposing || event.keyCode === 229) return true;
  const target = event.target instanceof Element ? event.target : null;
  // A dialog that is open has the keyboard to itself.
  if (document.querySelector("dialog[open]")) return true;
  if (event.key !== "Escape" && target?.closest(TEXT_FIELDS)) return true;
  return event.key === "Enter" && target?.closest(ACTIVATED_BY_ENTER) != null;
}

/** Bind keys (as in KeyboardEvent.key, letters in lower case) while the component is on the page. */
export function useShortcuts(shortcuts: Shortcuts, active = true): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (ignored(event)) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const handler = latest.current[key];
      if (!handler) return;
      event.preventDefault();
      handler(event);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [active]);
}

/** The modifier's name as this system writes it. */
export const MODIFIER = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "") ? "⌘" : "Ctrl ";
