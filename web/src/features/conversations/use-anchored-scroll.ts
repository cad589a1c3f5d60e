/** A scroller whose start is at the bottom (column-reverse): 0 is the newest message, and older ones are below zero. */
import { useCallback, useLayoutEffect, useRef, useState } from "react";

/** This close to the bottom counts as being there. */
const NEAR = 24;

export function useAnchoredScroll(newestId: string | undefined) {
  const element = useRef<HTMLDivElement | null>(null);
  const [atBottom, setAtBottom] = useState(true);
  const height = useRef(0);
  const newest = useRef(newestId);

  const onScroll = useCallback(() => {
    const box = element.current;
    if (box) setAtBottom(box.scrollTop > -NEAR);
  }, []);

  // Content added at the bottom would push the text up under the eyes of somebody who reads further up.
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const grown = box.scrollHeight - height.current;
    if (newest.current !== newestId && box.scrollTop <= -NEAR && height.current > 0) box.scrollTop -= grown;
    newest.current = newestId;
    height.current = box.scrollHeight;
  });

  const toBottom = useCallback(() => {
    const box = element.current;
    if (!box) return;
    box.scrollTop = 0;
    // The button that was pressed is about to go; the log keeps the keyboard.
    box.focus({ preventScroll: true });
  }, []);

  return { ref: element, atBottom, onScroll, toBottom };
}
