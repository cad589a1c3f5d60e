/** A dialog, for what cannot be undone or what blocks everything. The platform's own: focus stays in, Esc closes, focus returns. */
import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: string;
  /** A question that must be answered, rather than something to read. */
  alert?: boolean;
  /** Left out: Esc does not close it. */
  onClose?: (() => void) | undefined;
  children: ReactNode;
}

export function Dialog({ title, alert = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (!dialog || dialog.open) return;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      role={alert ? "alertdialog" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
