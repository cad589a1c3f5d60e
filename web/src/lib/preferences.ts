/** How many suggestions to ask for: a choice of this browser. */
import { signal } from "./signal";
import { readSetting, writeSetting } from "./store";

export const SUGGESTION_CHOICES: readonly number[] = [1, 2, 3];

const kept = Number(readSetting("suggestions"));
export const suggestions = signal(SUGGESTION_CHOICES.includes(kept) ? kept : 1);

export function chooseSuggestions(next: number): void {
  suggestions.set(next);
  writeSetting("suggestions", next === 1 ? null : String(next));
}
