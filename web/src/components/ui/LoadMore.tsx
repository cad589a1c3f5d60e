/** The end of what is loaded: it asks for more when it comes near, and is a button for those who do not scroll. */
import { useEffect, useRef } from "react";
import { Button } from "./Button";

interface LoadMoreProps {
  label: string;
  loading: boolean;
  failed: boolean;
  onMore: () => void;
}

export function LoadMore({ label, loading, failed, onMore }: LoadMoreProps) {
  const element = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);
  useEffect(() => {
    more.current = onMore;
  });
  // After a failure only the button asks again: the sentinel would ask without end.
  const watching = !loading && !failed;
  useEffect(() => {
    if (!watching || !element.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) more.current();
      },
      // The margin only counts when the root is the box that scrolls.
      { root: element.current.closest(".scroll, .rows"), rootMargin: "600px" },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [watching]);
  return (
    <div className="load-more" ref={element}>
      <Button kind="ghost" waiting={loading} onClick={onMore}>
        {failed ? "Could not be loaded. Try again" : label}
      </Button>
    </div>
  );
}
