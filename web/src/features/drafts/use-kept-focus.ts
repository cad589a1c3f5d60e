/** When the thing that has the keyboard goes with a change of state, whatever took its place has it. */
import { type RefObject, useEffect } from "react";

/** What can hold the keyboard below the messages: the panel itself, else the way to it. */
const HOLDERS = ".draft, .draft-idle .btn";

export function useKeptFocus(dock: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const box = dock.current;
    if (!box) return;
    let last: Element | null = null;
    const remember = (event: FocusEvent) => {
      last = event.target instanceof Element ? event.target : null;
    };
    const observer = new MutationObserver(() => {
      // Only who worked here is helped: a page that loads takes the keyboard from nobody.
      if (!last || last.isConnected || document.activeElement !== document.body) return;
      last = null;
      box.querySelector<HTMLElement>(HOLDERS)?.focus({ preventScroll: true });
    });
    box.addEventListener("focusin", remember);
    observer.observe(box, { childList: true, subtree: true });
    return () => {
      box.removeEventListener("focusin", remember);
      observer.disconnect();
    };
  }, [dock]);
}
