/** The pane on the left: the list, or what a search found. On a phone it is the page. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { useShortcuts } from "@/lib/keys";
import { ConversationList } from "./ConversationList";
import { SearchField } from "./SearchField";
import { SearchResults } from "./SearchResults";

export function ListPane({ isPage }: { isPage: boolean }) {
  const query = useSearch({ strict: false }).q ?? "";
  const navigate = useNavigate();
  const pane = useRef<HTMLElement>(null);
  const { m } = useSearch({ strict: false });
  const search = (q: string) =>
    navigate({ to: ".", search: { q: q || undefined, m: q ? m : undefined }, replace: true });

  const move = (step: number) => {
    const rows = [...(pane.current?.querySelectorAll<HTMLAnchorElement>(".rows a") ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLAnchorElement);
    const from = at >= 0 ? at : rows.findIndex((row) => row.getAttribute("aria-current"));
    rows[Math.min(rows.length - 1, Math.max(0, from + step))]?.focus();
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });

  const field = <SearchField query={query} onSearch={search} />;
  const title = (words: string): ReactNode => (isPage ? <h1>{words}</h1> : <h2>{words}</h2>);
  const content = query ? (
    <SearchResults query={query} onClose={() => search("")} field={field} heading={title("Search")} />
  ) : (
    <ConversationList header={field} heading={title("Conversations")} />
  );
  return isPage ? (
    <main className="list" id="main" ref={pane}>
      {content}
    </main>
  ) : (
    <section className="list" aria-label="Conversations" ref={pane}>
      {content}
    </section>
  );
}
