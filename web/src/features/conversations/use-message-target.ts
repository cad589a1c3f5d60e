/** Brings a message into view that a search found, loading earlier ones until it is there. */
import { useEffect, useRef } from "react";
import type { useMessages } from "./api/messages";

/** True while it is still being looked for. */
export function useMessageTarget(
  target: string | undefined,
  list: ReturnType<typeof useMessages>,
  show: (messageId: string) => void,
): boolean {
  const shown = useRef<string | undefined>(undefined);
  const loaded = target !== undefined && list.items.some((message) => message.messageId === target);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const more = hasNextPage && !isFetchNextPageError;

  useEffect(() => {
    if (!target || loaded || isFetchingNextPage || !more) return;
    void fetchNextPage();
  }, [target, loaded, isFetchingNextPage, more, fetchNextPage]);

  useEffect(() => {
    if (!target) shown.current = undefined;
    if (!target || !loaded || shown.current === target) return;
    // Once: who scrolls away afterwards is not pulled back.
    shown.current = target;
    show(target);
  }, [target, loaded, show]);

  return target !== undefined && !loaded && (list.isPending || more);
}
