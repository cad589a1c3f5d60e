/** Copying, also where the modern clipboard is closed to us (plain http on a home network). */

/** Copy a text. `shown` is where the page shows it: selected when all else fails, so that the reader's own keys copy it. */
export async function copyText(text: string, shown: Element | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(shown, text);
  }
}

function copySelected(shown: Element | null, text: string): boolean {
  const selection = window.getSelection();
  if (!shown || !selection) return false;
  selection.selectAllChildren(shown);
  // The page may show the text with marks or wrapping of its own; what is copied is the text.
  const onCopy = (event: ClipboardEvent) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text);
  };
  document.addEventListener("copy", onCopy, { once: true });
  try {
    return document.execCommand?.("copy") ?? false;
  } finally {
    document.removeEventListener("copy", onCopy);
  }
}
