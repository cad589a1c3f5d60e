/** A state as a small shape; a word always stands beside it. */
export type DotTone = "ok" | "warn" | "bad" | "off" | "busy";

export function Dot({ tone }: { tone: DotTone }) {
  return <i className={tone === "ok" ? "dot" : `dot ${tone}`} aria-hidden="true" />;
}
