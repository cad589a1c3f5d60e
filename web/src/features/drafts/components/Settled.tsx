/** A draft that was taken: it is in the clipboard, and nothing was sent. */
import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { Notice } from "@/components/ui/Notice";
import { MODIFIER } from "@/lib/keys";
import type { SettledDraft } from "../use-verdict";

const SHOWN_MS = 4_000;

export function Settled({ settled, onDone }: { settled: SettledDraft; onDone: () => void }) {
  const panel = useRef<HTMLElement>(null);
  const text = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (!settled.copied) {
      // The clipboard is closed to us: the reader's own keys copy what is selected, and selected it must stay.
      panel.current?.focus({ preventScroll: true });
      if (text.current) window.getSelection()?.selectAllChildren(text.current);
      return;
    }
    const timer = setTimeout(onDone, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [settled, onDone]);

  return (
    <section className="draft settled" aria-label="Draft, accepted" ref={panel} tabIndex={-1}>
      <div className="dhead">
        <span className="state" role="status">
          <Icon name="check" />
          {settled.copied ? "Copied" : "Accepted"}
        </span>
        {settled.copied && <span className="to small">Paste it where you write. Nothing was sent.</span>}
        <span className="hist" />
        <Button kind="ghost" onClick={onDone}>
          Done
        </Button>
      </div>
      <p className="text" dir="auto" ref={text}>
        {settled.text}
      </p>
      {!settled.copied && (
        <div className="below">
          <Notice tone="warn">
            <b>Accepted, but not copied.</b> The text is selected; press <kbd>{MODIFIER}C</kbd>.
          </Notice>
        </div>
      )}
    </section>
  );
}
