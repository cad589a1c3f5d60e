/** Everything the draft panel of one conversation knows: its versions, which one is shown, and what it answers. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { suggestions as suggestionCount } from "@/lib/preferences";
import { useSignal } from "@/lib/signal";
import { useResponses } from "./api/responses";
import { useDraftStream } from "./api/stream";
import { isLive } from "./draft-run";
import { useTyped } from "./use-typed";
import { allVersions, isWaiting, keptVersions, type Version } from "./versions";

/** The message that a draft answers. */
export interface DraftTarget {
  messageId: string;
  /** Who wrote it: "Lena", or "you". */
  who: string;
  at: Date;
}

export function useDrafting(conversationId: string, newest: DraftTarget | undefined) {
  const stream = useDraftStream(conversationId);
  const responses = useResponses(conversationId);
  const { typed, change } = useTyped(conversationId);
  const count = useSignal(suggestionCount);
  const [about, setAbout] = useState(newest);
  const [chosenVersion, setChosenVersion] = useState<number | null>(null);
  const [browsing, setBrowsing] = useState(false);

  const { run } = stream;
  const versions = useMemo(
    () => allVersions(keptVersions(responses.data ?? [], about?.messageId ?? ""), run),
    [responses.data, about?.messageId, run],
  );
  const editing = typed.edit?.open ?? false;
  const open = run !== null || editing || browsing || isWaiting(versions);
  // A closed panel is about the newest message; an open one stays with its own until it is dealt with.
  // (A panel that opens with a kept edit has none yet.)
  if ((!open || !about) && about?.messageId !== newest?.messageId) setAbout(newest);

  const index = Math.min(chosenVersion ?? versions.length - 1, versions.length - 1);
  const version: Version | undefined = versions[index];
  const outdated =
    version !== undefined &&
    (version.superseded ||
      (newest !== undefined && about !== undefined && newest.messageId !== about.messageId));

  const live = run !== null && isLive(run.phase);
  const { start, stop, forget } = stream;
  // The conversation has moved on: the rest of this draft would be thrown away, so the model is freed for the next.
  useEffect(() => {
    if (live && outdated) stop();
  }, [live, outdated, stop]);

  const draft = useCallback(
    (instruction: string) => {
      if (!newest) return;
      const again = versions.some(
        (known) => known.messageId === newest.messageId && known.instruction === instruction,
      );
      setAbout(newest);
      setChosenVersion(null);
      setBrowsing(false);
      void start({ messageId: newest.messageId, instruction, suggestions: count, again });
    },
    [newest, versions, start, count],
  );

  const close = useCallback(() => {
    forget();
    setChosenVersion(null);
    setBrowsing(false);
  }, [forget]);

  return {
    about,
    close,
    draft,
    index,
    live: live && index === versions.length - 1,
    browse: () => setBrowsing(true),
    open,
    outdated,
    stop,
    typed,
    change,
    version,
    versions,
    walk: setChosenVersion,
  };
}

export type Drafting = ReturnType<typeof useDrafting>;
