/** The stream of a draft, in the one hook that owns it. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer, useRef } from "react";
import { ApiError, Code } from "@/lib/api/error";
import type { StreamEvent, StreamRequest } from "@/lib/api/types";
import { postForEvents } from "@/lib/sse/events";
import { advance, type Problem, type RunEvent } from "../draft-run";
import { responsesKey } from "./responses";

export interface DraftRequest {
  messageId: string;
  instruction: string;
  suggestions: number;
  /** Draft anew although the same draft was made before. */
  again: boolean;
}

export function useDraftStream(conversationId: string) {
  const client = useQueryClient();
  const [run, dispatch] = useReducer(advance, null);
  const owner = useRef<AbortController | null>(null);

  // Leaving the conversation hangs up, and hanging up frees the model.
  useEffect(() => () => owner.current?.abort(), []);

  const start = useCallback(
    async (request: DraftRequest) => {
      owner.current?.abort();
      const controller = new AbortController();
      owner.current = controller;
      dispatch({ type: "begin", ...request });
      await follow(request, controller.signal, (event) => {
        // A stream that was replaced has nothing to say any more.
        if (owner.current === controller && !controller.signal.aborted) dispatch(event);
      });
      await client.invalidateQueries({ queryKey: responsesKey(conversationId) });
    },
    [client, conversationId],
  );

  const stop = useCallback(() => {
    dispatch({ type: "stop" });
    owner.current?.abort();
  }, []);

  const forget = useCallback(() => {
    owner.current?.abort();
    dispatch({ type: "forget" });
  }, []);

  return { run, start, stop, forget };
}

/** Turn the stream into events of the state machine; tokens at most once a frame. */
async function follow(
  request: DraftRequest,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): Promise<void> {
  const tokens = new FrameBuffer((texts) => emit({ type: "tokens", texts }));
  const body: StreamRequest = {
    messageId: request.messageId,
    suggestions: request.suggestions,
    ...(request.instruction && { instruction: request.instruction }),
    ...(request.again && { skipCache: true }),
  };
  try {
    for await (const event of postForEvents<StreamEvent>("/api/responses/stream", body, signal)) {
      if (event.token) {
        tokens.add(event.token.suggestion ?? 0, event.token.text ?? "");
        continue;
      }
      tokens.flush();
      emit({ type: "event", event });
      if (event.error || event.done?.last) return;
    }
    tokens.flush();
    emit({ type: "end" });
  } catch (error) {
    tokens.flush();
    if (!signal.aborted) emit({ type: "fail", problem: problemOf(error) });
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof ApiError)) return { code: Code.INTERNAL, message: "", broken: false };
  const { code, message, reason, retryAfter, unreachable } = error;
  return { code, message, reason, retryAfter, broken: unreachable };
}

/** Collects text until the next frame, so that a fast model costs one painting a frame and not one a token. */
class FrameBuffer {
  private texts = new Map<number, string>();
  private frame = 0;
  private readonly paint: (texts: ReadonlyMap<number, string>) => void;

  constructor(paint: (texts: ReadonlyMap<number, string>) => void) {
    this.paint = paint;
  }

  add(suggestion: number, text: string): void {
    this.texts.set(suggestion, (this.texts.get(suggestion) ?? "") + text);
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  flush(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.texts.size === 0) return;
    const texts = this.texts;
    this.texts = new Map();
    this.paint(texts);
  }
}
