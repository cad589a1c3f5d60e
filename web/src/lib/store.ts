/** What the browser keeps for us. Storage may be closed (private windows, policies): then nothing is kept, nothing breaks. */

function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

/** A setting of this browser that outlives the session. Holds no text of anybody's messages. */
export function readSetting(name: string): string | null {
  return attempt(() => localStorage.getItem(`assistant.${name}`), null);
}

export function writeSetting(name: string, value: string | null): void {
  attempt(() => {
    if (value === null) localStorage.removeItem(`assistant.${name}`);
    else localStorage.setItem(`assistant.${name}`, value);
  }, undefined);
}

const TYPED = "assistant.typed.";

/** Text that was typed and not used yet. It lives as long as the tab does, so that none stays behind on a shared machine. */
export function readTyped<T>(key: string): T | null {
  return attempt(() => JSON.parse(sessionStorage.getItem(TYPED + key) ?? "null") as T | null, null);
}

export function writeTyped(key: string, value: unknown): void {
  attempt(() => {
    if (value === null) sessionStorage.removeItem(TYPED + key);
    else sessionStorage.setItem(TYPED + key, JSON.stringify(value));
  }, undefined);
}

export function forgetTyped(): void {
  attempt(() => {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(TYPED)) sessionStorage.removeItem(key);
    }
  }, undefined);
}
