/** A command to copy. */
import { useRef, useState } from "react";
import { copyText } from "@/lib/clipboard";
import { Button } from "./Button";

export function CopyLine({ text, label }: { text: string; label: string }) {
  const code = useRef<HTMLElement>(null);
  const [result, setResult] = useState<"" | "Copied" | "Selected">("");
  const copy = async () => setResult((await copyText(text, code.current)) ? "Copied" : "Selected");
  return (
    <div className="cmd">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long command scrolls sideways, with the keyboard too. */}
      <code tabIndex={0} ref={code}>
        {text}
      </code>
      <Button icon={result === "Copied" ? "check" : "copy"} aria-label={`Copy: ${label}`} onClick={copy}>
        {result || "Copy"}
      </Button>
      <span className="sr" role="status">
        {result}
      </span>
    </div>
  );
}
