/** The search field above the list. What is typed is looked up when the typing rests. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Hint } from "@/components/ui/Hint";
import { Icon } from "@/components/ui/Icon";
import { useShortcuts } from "@/lib/keys";

const REST_MS = 250;
const LONGEST = 200;

interface SearchFieldProps {
  query: string;
  onSearch: (query: string) => void;
}

export function SearchField({ query, onSearch }: SearchFieldProps) {
  const [text, setText] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  const search = useRef(onSearch);
  useEffect(() => {
    search.current = onSearch;
  });

  // Cleared from elsewhere (Close, the back button): the field follows.
  const [followed, setFollowed] = useState(query);
  if (followed !== query) {
    setFollowed(query);
    if (text.trim() !== query) setText(query);
  }

  useEffect(() => {
    const next = text.trim();
    if (next === query) return;
    const timer = setTimeout(() => search.current(next), next ? REST_MS : 0);
    return () => clearTimeout(timer);
  }, [text, query]);

  useShortcuts({ "/": () => field.current?.focus() });

  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
    // The topmost thing only: a draft that is being written goes on.
    event.preventDefault();
    event.stopPropagation();
    if (text) setText("");
    else field.current?.blur();
  };

  return (
    <div className="with-icon">
      <Icon name="search" />
      <input
        ref={field}
        className={text ? "input" : "input quiet"}
        type="search"
        placeholder="Search all messages"
        aria-label="Search all messages"
        aria-keyshortcuts="/"
        maxLength={LONGEST}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
      />
      {!text && <Hint>/</Hint>}
    </div>
  );
}
