/** Times in words, for people: short, calm, in the reader's own time zone. */

const LOCALE = "en-GB";
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const longWeekday = new Intl.DateTimeFormat(LOCALE, { weekday: "long" });
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long" });
const dayMonthYear = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long", year: "numeric" });
const month = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });

/** "10:41" */
export function clockTime(at: Date): string {
  return clock.format(at);
}

/** A key that two times of one day share, here where the reader is: "2025-06-12". */
export function dayKey(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function daysBetween(earlier: Date, later: Date): number {
  const midnight = (at: Date) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / (DAY * 1000));
}

/** For a row of a list: "10:41", "Thu", "3 June", "3 Jun 2023". */
export function shortTime(at: Date, now: Date): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clock.format(at);
  if (days < 7) return weekday.format(at);
  return at.getFullYear() === now.getFullYear() ? dayMonth.format(at) : month.format(at);
}

/** For a separator between days: "Tomorrow", "Today", "Yesterday", "Thursday, 12 June", "12 June 2023". */
export function dayName(at: Date, now: Date): string {
  const days = daysBetween(at, now);
  if (days === -1) return "Tomorrow";
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  if (at.getFullYear() === now.getFullYear()) return `${longWeekday.format(at)}, ${dayMonth.format(at)}`;
  return dayMonthYear.format(at);
}

/** For a sentence: "10:41", "yesterday", "Thursday", "3 June". */
export function since(at: Date, now: Date): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clock.format(at);
  if (days === 1) return "yesterday";
  if (days < 7) return longWeekday.format(at);
  return at.getFullYear() === now.getFullYear() ? dayMonth.format(at) : dayMonthYear.format(at);
}

/** "2 March", or with the year when it is another one. */
export function dateWords(at: Date, now: Date): string {
  return at.getFullYear() === now.getFullYear() ? dayMonth.format(at) : dayMonthYear.format(at);
}

/** "just now", "12 s ago", "5 min ago", "2 hours ago", "3 days ago". */
export function ago(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < MINUTE) return `${seconds} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return plural(Math.floor(seconds / HOUR), "hour");
  return plural(Math.floor(seconds / DAY), "day");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"} ago`;
}

/** "6 s", "2 min": how long something may still take. */
export function duration(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / MINUTE)} min`;
}
