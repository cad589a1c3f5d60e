/** Earlier versions of an edited message, oldest first. */
import type { MessageEdit } from "@/lib/api/types";

export function Edits({ id, edits }: { id: string; edits: readonly MessageEdit[] }) {
  // A message of one part is most of them: its number would only ask a question.
  const parts = edits.some((edit) => (edit.part ?? 0) > 0);
  return (
    <ol className="edits" id={id} aria-label="Earlier versions">
      {edits.map((edit) => (
        <li key={`${edit.part} ${edit.editedAt} ${edit.text}`} dir="auto">
          {parts && <span className="part">Part {(edit.part ?? 0) + 1}</span>}
          {edit.text?.trim() ? edit.text : <i>No text</i>}
        </li>
      ))}
    </ol>
  );
}
