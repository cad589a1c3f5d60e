/** Shows its children only when the wait is long enough to be noticed: what comes at once needs no placeholder. */
import { type ReactNode, useEffect, useState } from "react";

export function Later({ children, after = 200 }: { children: ReactNode; after?: number }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), after);
    return () => clearTimeout(timer);
  }, [after]);
  return due ? children : null;
}
