/** The title of the tab: where one is, then the product. */
import { useEffect } from "react";

export function useTitle(page: string): void {
  useEffect(() => {
    document.title = page ? `${page}: Conversation Assistant` : "Conversation Assistant";
  }, [page]);
}
