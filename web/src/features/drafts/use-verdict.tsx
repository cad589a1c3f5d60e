/** What the owner decides about a draft: accept, edit, reject. Copying comes first, then the server is told. */
import { type ReactNode, useCallback, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import { ApiError } from "@/lib/api/error";
import { copyText } from "@/lib/clipboard";
import { type Act, useAct } from "./api/responses";
import type { Suggestion } from "./draft-run";
import type { Drafting } from "./use-drafting";

/** A draft that was taken, shown for a moment more. */
export interface SettledDraft {
  text: string;
  copied: boolean;
}

export function useVerdict(conversationId: string, drafting: Drafting) {
  const act = useAct(conversationId);
  const [settled, setSettled] = useState<SettledDraft | null>(null);
  const { close, change } = drafting;

  const tell = useCallback((action: Act) => act.mutate(action), [act.mutate]);

  const take = useCallback(
    async (suggestion: Suggestion, text: string, shown: Element | null) => {
      // The clipboard opens only to the very click, so the server is told afterwards.
      const copied = await copyText(text, shown);
      const edited = text !== suggestion.text;
      // The server learns from whole drafts only; a part that was finished by hand is just copied.
      if (suggestion.complete) {
        tell({
          responseId: suggestion.responseId,
          action: edited ? "ACTION_EDIT" : "ACTION_ACCEPT",
          ...(edited && { editedResponse: text }),
        });
      }
      setSettled({ text, copied });
      change({ edit: null, words: "" });
      close();
    },
    [tell, change, close],
  );

  const reject = useCallback(
    (suggestion: Suggestion, reason: string) => {
      if (suggestion.complete) {
        tell({
          responseId: suggestion.responseId,
          action: "ACTION_REJECT",
          ...(reason.trim() && { rejectionReason: reason.trim() }),
        });
      }
      change({ edit: null });
      close();
    },
    [tell, change, close],
  );

  const dismiss = useCallback(() => setSettled(null), []);
  const retry = act.variables ? () => tell(act.variables) : undefined;
  const notice = act.isError ? problemNotice(act.error, retry, act.reset) : null;
  return { take, reject, settled, dismiss, notice };
}

export type Verdict = ReturnType<typeof useVerdict>;

function problemNotice(error: unknown, retry: (() => void) | undefined, forget: () => void): ReactNode {
  if (error instanceof ApiError && error.reason === "ALREADY_ACTED_ON") {
    return (
      <Notice
        action={
          <button className="link" type="button" onClick={forget}>
            All right
          </button>
        }
      >
        You have already decided about this draft, perhaps in another tab.
      </Notice>
    );
  }
  return (
    <Notice
      tone="bad"
      action={
        <Button icon="again" onClick={retry}>
          Try again
        </Button>
      }
    >
      <b>Your decision was not saved.</b> The text itself is safe.
    </Notice>
  );
}
