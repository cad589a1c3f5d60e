/** What the server tells makes what was read stale; the one hook that owns the stream. */
import { type QueryClient, type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Conversation, WatchEvent } from "@/lib/api/types";
import { type Pages, without } from "@/lib/head-page";
import { type Follower, follow } from "./follow";
import { live } from "./live";

/** A first sync tells of many conversations at once. */
const GATHER_MS = 150;

/** Follow while the page is seen: a browser has few connections for one server, and a hidden page needs none. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    let stream: AbortController | null = null;
    const look = () => {
      const seen = document.visibilityState !== "hidden";
      if (seen && !stream) {
        stream = new AbortController();
        void follow(refreshing(client, stream.signal), stream.signal);
      } else if (!seen && stream) {
        stream.abort();
        stream = null;
        live.set(false);
      }
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      stream?.abort();
      live.set(false);
    };
  }, [client]);
}

function refreshing(client: QueryClient, signal: AbortSignal): Follower {
  const stale = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const refresh = () => {
    timer = undefined;
    for (const queryKey of stale.values()) void client.invalidateQueries({ queryKey });
    stale.clear();
  };
  const mark = (keys: QueryKey[]) => {
    for (const key of keys) stale.set(JSON.stringify(key), key);
    if (stale.size > 0) timer ??= setTimeout(refresh, GATHER_MS);
  };
  return {
    begun() {
      live.set(true);
      // Anything may have happened while nobody told.
      const heads = client
        .getQueryCache()
        .findAll({ predicate: ({ queryKey }) => queryKey.at(-1) === "head" });
      mark([...heads.map(({ queryKey }) => queryKey), ["conversation"], ["responses"]]);
    },
    told(event) {
      const gone = event.conversationDeleted?.conversationId;
      // At once, and also where it stands behind the head, which alone is read anew.
      if (gone) drop(client, gone);
      mark(staleAfter(event));
    },
    broken: () => live.set(false),
  };
}

function drop(client: QueryClient, gone: string): void {
  client.setQueryData<Pages<Conversation>>(["conversations"], (pages) =>
    pages ? without(pages, ({ conversationId = "" }) => conversationId, gone) : pages,
  );
}

/** Only the heads of lists: the pages behind them are history. */
function staleAfter({ conversationChanged, conversationDeleted, draftReady }: WatchEvent): QueryKey[] {
  if (draftReady) return [["responses", draftReady.conversationId]];
  if (conversationDeleted) return staleOf([conversationDeleted.conversationId]);
  if (!conversationChanged) return [];
  const { conversationId, chats = [] } = conversationChanged;
  // It is open under whichever of its ids the address names.
  return staleOf([conversationId, ...chats.map(({ chatId }) => chatId)]);
}

function staleOf(ids: (string | undefined)[]): QueryKey[] {
  return [
    ["conversations", "head"],
    ...[...new Set(ids)].flatMap((id) => [
      ["messages", id, "head"],
      ["conversation", id],
    ]),
  ];
}
