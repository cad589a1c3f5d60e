/** The draft panel: the only thing in a conversation that carries the accent. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Code } from "@/lib/api/error";
import { useShortcuts } from "@/lib/keys";
import { modelQuery } from "@/lib/queries/model";
import { stateOf } from "../draft-state";
import type { Drafting, DraftTarget } from "../use-drafting";
import type { Verdict } from "../use-verdict";
import { Actions } from "./Actions";
import { DraftHead } from "./DraftHead";
import { EditDraft } from "./EditDraft";
import { RejectForm } from "./RejectForm";
import { Steer } from "./Steer";
import { Suggestions } from "./Suggestions";
import { WhyLine } from "./WhyLine";

interface DraftPanelProps {
  drafting: Drafting;
  verdict: Verdict;
  newest: DraftTarget | undefined;
  showMessage: (messageId: string) => void;
}

export function DraftPanel({ drafting, verdict, newest, showMessage }: DraftPanelProps) {
  const { version, typed, change, live } = drafting;
  const [picked, setPicked] = useState(0);
  const [rejecting, setRejecting] = useState(false);
  const words = useRef<HTMLInputElement>(null);
  const text = useRef<HTMLElement>(null);
  const model = useQuery(modelQuery).data;

  const chosen = Math.min(picked, (version?.suggestions.length ?? 1) - 1);
  const suggestion = version?.suggestions[chosen];
  const state = stateOf(version, drafting.outdated, model);
  const instruction = version?.instruction ?? "";
  const loading = state.kind === "waiting";
  const problemCode = version?.problem?.code;

  // The model was still loading when the draft was asked for: it starts by itself once it can.
  const ready = model?.state === "MODEL_STATE_READY";
  const { draft } = drafting;
  const [waited, setWaited] = useState(false);
  if (loading && !waited) setWaited(true);
  useEffect(() => {
    if (!waited || !ready || problemCode !== Code.UNAVAILABLE) return;
    setWaited(false);
    draft(instruction);
  }, [waited, ready, problemCode, draft, instruction]);

  const edit = () => {
    if (!suggestion || live) return;
    const kept = typed.edit?.responseId === suggestion.responseId ? typed.edit : null;
    change({
      edit: kept
        ? { ...kept, open: true }
        : {
            responseId: suggestion.responseId,
            original: suggestion.text,
            text: suggestion.text,
            complete: suggestion.complete,
            open: true,
          },
    });
  };
  const accept = () => {
    if (state.canAccept && suggestion) void verdict.take(suggestion, suggestion.text, text.current);
  };
  const reject = () => {
    if (!suggestion || live) return;
    if (suggestion.complete) setRejecting(true);
    else verdict.reject(suggestion, "");
  };
  const again = (next: string) => {
    setPicked(0);
    setRejecting(false);
    drafting.draft(next);
  };
  const walk = (step: number) => {
    const next = drafting.index + step;
    if (next < 0 || next >= drafting.versions.length) return;
    setPicked(0);
    setRejecting(false);
    drafting.walk(next);
  };

  // The topmost thing only.
  const back = () => {
    if (rejecting) setRejecting(false);
    else if (live || loading) drafting.stop();
    if (loading) setWaited(false);
  };

  const editing = typed.edit?.open === true;
  useShortcuts(
    {
      Escape: back,
      Enter: accept,
      e: edit,
      x: reject,
      r: () => again(instruction),
      d: () => drafting.outdated && again(""),
      w: () => words.current?.focus(),
      "[": () => walk(-1),
      "]": () => walk(1),
      ...Object.fromEntries(
        (version?.suggestions ?? []).map((_, index) => [String(index + 1), () => setPicked(index)]),
      ),
    },
    !editing,
  );

  if (editing && typed.edit) {
    return (
      <EditDraft
        edit={typed.edit}
        about={drafting.about}
        onChange={(next) => change({ edit: next })}
        onAccept={(shown) => {
          const { responseId, original, complete } = typed.edit!;
          const before = { responseId, text: original, complete, confidence: 0, modelVersion: "" };
          void verdict.take(before, typed.edit!.text, shown);
        }}
        onShow={showMessage}
      />
    );
  }
  if (!version) return null;
  return (
    <section
      className={`draft ${state.kind}`}
      aria-label="Draft"
      aria-busy={live}
      // The panel itself can hold the keyboard: Esc and Enter then mean it.
      tabIndex={-1}
    >
      <p className="sr" role="status">
        {state.word}
      </p>
      <DraftHead
        state={state}
        live={live}
        drafting={drafting}
        onWalk={walk}
        onStop={drafting.stop}
        onAgain={() => again(instruction)}
        onShow={showMessage}
      />
      <Suggestions
        ref={text}
        suggestions={version.suggestions}
        chosen={chosen}
        live={live}
        faded={state.kind === "outdated"}
        onChoose={setPicked}
      />
      <WhyLine version={version} state={state} newest={newest} model={model} />
      {rejecting && suggestion ? (
        <RejectForm
          onReject={(reason) => {
            setRejecting(false);
            verdict.reject(suggestion, reason);
          }}
          onCancel={() => setRejecting(false)}
        />
      ) : (
        <>
          {state.canSteer && (
            <Steer
              ref={words}
              instruction={instruction}
              words={typed.words}
              onWords={(next) => change({ words: next })}
              onSteer={again}
            />
          )}
          <Actions
            state={state}
            live={live}
            suggestion={suggestion}
            chosen={chosen}
            many={version.suggestions.length > 1}
            instruction={instruction}
            onAccept={accept}
            onEdit={edit}
            onReject={reject}
            onAgain={() => again(instruction)}
            onClose={drafting.close}
          />
        </>
      )}
    </section>
  );
}
