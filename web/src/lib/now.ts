/** The current time as something to render with. */
import { useEffect, useState } from "react";

/** The time now, renewed every `seconds` while the page is looked at. */
export function useNow(seconds: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const renew = () => {
      if (document.visibilityState === "visible") setNow(new Date());
    };
    const timer = setInterval(renew, seconds * 1000);
    document.addEventListener("visibilitychange", renew);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", renew);
    };
  }, [seconds]);
  return now;
}
