/** Lists that grow at their head, kept as pages: the newest page is asked for again and again and laid over what is loaded. */
import type { InfiniteData } from "@tanstack/react-query";

export interface Page<T> {
  items: T[];
  /** Empty on the last page. */
  next: string;
}

export type Pages<T> = InfiniteData<Page<T>, string>;

/**
 * Lay a fresh first page over the loaded pages.
 *
 * Rows that the fresh page should hold but does not were deleted, and go. When nothing of it was loaded before, rows in
 * between may be missing: then only the fresh page stays, and the rest is loaded again as it is scrolled to.
 */
export function layHead<T>(loaded: Pages<T>, head: Page<T>, id: (item: T) => string): Pages<T> {
  const fresh = new Set(head.items.map(id));
  const last = head.items.at(-1);
  const known = loaded.pages.flatMap((page) => page.items);
  const overlap = last ? known.findIndex((item) => id(item) === id(last)) : -1;
  if (!head.next || overlap < 0) return { pages: [head], pageParams: [""] };

  const older = new Set(known.slice(overlap + 1).map(id));
  const pages = loaded.pages.map((page, index) => {
    const kept = page.items.filter((item) => older.has(id(item)) && !fresh.has(id(item)));
    return { items: index === 0 ? [...head.items, ...kept] : kept, next: page.next };
  });
  return { pages, pageParams: loaded.pageParams };
}

/** The loaded pages without a row that was deleted, wherever it is. */
export function without<T>(loaded: Pages<T>, id: (item: T) => string, gone: string): Pages<T> {
  const pages = loaded.pages.map((page) => ({
    items: page.items.filter((item) => id(item) !== gone),
    next: page.next,
  }));
  return { pages, pageParams: loaded.pageParams };
}

/** All rows once, in order. A row that moved up between two pages is in both: the upper one is the newer. */
export function flatten<T>(loaded: Pages<T> | undefined, id: (item: T) => string): T[] {
  const rows = new Map<string, T>();
  for (const page of loaded?.pages ?? []) {
    for (const item of page.items) {
      if (!rows.has(id(item))) rows.set(id(item), item);
    }
  }
  return [...rows.values()];
}
