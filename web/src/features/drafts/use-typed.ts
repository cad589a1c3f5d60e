/** What the owner has typed in one conversation and not used yet. It survives switching and reloading. */
import { useCallback, useEffect, useState } from "react";
import { readTyped, writeTyped } from "@/lib/store";

export interface Edit {
  responseId: string;
  /** The draft before it was touched. */
  original: string;
  text: string;
  /** The server has this draft whole, so that it can learn from the edit. */
  complete: boolean;
  open: boolean;
}

export interface Typed {
  /** How the draft should be, in the owner's words. */
  words: string;
  edit: Edit | null;
}

const NOTHING: Typed = { words: "", edit: null };

export function useTyped(conversationId: string) {
  const [typed, setTyped] = useState<Typed>(() => ({ ...NOTHING, ...readTyped<Typed>(conversationId) }));
  useEffect(() => {
    writeTyped(conversationId, typed.words || typed.edit ? typed : null);
  }, [conversationId, typed]);
  const change = useCallback((part: Partial<Typed>) => setTyped((now) => ({ ...now, ...part })), []);
  return { typed, change };
}
