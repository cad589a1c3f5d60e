/** Server-sent events, taken apart as their characters arrive. */

/**
 * Collects characters and gives back the data of each event that they complete.
 *
 * A chunk may end anywhere: inside a line, between CR and LF, between two `data:` lines of one event.
 */
export class SseParser {
  private rest = "";
  private data: string[] = [];

  push(text: string): string[] {
    const events: string[] = [];
    this.rest += text;
    for (;;) {
      const end = lineEnd(this.rest);
      if (!end) return events;
      const line = this.rest.slice(0, end.at);
      this.rest = this.rest.slice(end.next);
      if (line === "") this.complete(events);
      else this.take(line);
    }
  }

  private complete(events: string[]): void {
    // An empty line after comments or other fields only is not an event.
    if (this.data.length > 0) events.push(this.data.join("\n"));
    this.data = [];
  }

  private take(line: string): void {
    if (line === "data") this.data.push("");
    else if (line.startsWith("data:")) this.data.push(line.slice(line[5] === " " ? 6 : 5));
  }
}

function lineEnd(text: string): { at: number; next: number } | null {
  const at = text.search(/[\r\n]/);
  if (at < 0) return null;
  if (text[at] === "\n") return { at, next: at + 1 };
  // A CR at the very end may be the first half of CR LF: wait for what follows.
  if (at === text.length - 1) return null;
  return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
}
