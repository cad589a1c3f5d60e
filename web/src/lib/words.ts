/** Small matters of names, counts and numbers in words. */

const thousands = new Intl.NumberFormat("en-GB");
const SMALL = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

/** int64 comes as a string, and 0 does not come at all: "48,210". */
export function count(value: string | number | undefined): string {
  return thousands.format(Number(value ?? 0));
}

/** "Four", "12": for the beginning of a sentence. */
export function numberWord(value: number): string {
  return SMALL[value] ?? thousands.format(value);
}

/** "1 Mac", "2 Macs". */
export function counted(value: number, noun: string): string {
  return `${thousands.format(value)} ${noun}${value === 1 ? "" : "s"}`;
}

const lists = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** "Ana", "Ana and you", "Ana, Ben and you". */
export function listed(names: readonly string[]): string {
  return lists.format(names);
}

/** A name without the invisible characters that turn the reading around: in a name they only serve to deceive. */
export function plain(name: string): string {
  return name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
}

/** "2.4 MB" */
export function bytes(value: string | number | undefined): string {
  let size = Number(value ?? 0);
  for (const unit of ["bytes", "KB", "MB"]) {
    if (size < 1000) return `${size >= 100 ? Math.round(size) : oneDecimal(size)} ${unit}`;
    size /= 1000;
  }
  return `${oneDecimal(size)} GB`;
}

function oneDecimal(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** With a capital, for the beginning of a line. */
export function capital(words: string): string {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** One or two letters for an avatar: "SH" of "Sunday hike", "MA" of "Mara", "42" of "+44 20 7946 0042". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return "?";
  const letters = words.filter((word) => /^\p{L}/u.test(word));
  if (letters.length === 0) return name.replace(/\D/g, "").slice(-2) || [...name.trim()].slice(0, 2).join("");
  const chosen =
    letters.length > 1 ? letters.slice(0, 2).map((word) => [...word][0]) : [...letters[0]!].slice(0, 2);
  return chosen.join("").toLocaleUpperCase();
}

/** The same soft colour for the same name, of four. */
export function shade(name: string): "" | "b" | "c" | "d" {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) % 997;
  return (["", "b", "c", "d"] as const)[sum % 4]!;
}
