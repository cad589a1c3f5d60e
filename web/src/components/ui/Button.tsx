/** Buttons. An unavailable one stays focusable and says why; a waiting one keeps its label and its place. */
import type { ButtonHTMLAttributes, MouseEvent, ReactNode, Ref } from "react";
import { Beat } from "./Beat";
import { Hint } from "./Hint";
import { Icon, type IconName } from "./Icon";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "primary" | "ghost" | "danger" | "danger solid";
  icon?: IconName;
  /** The key that does the same, as it is printed. */
  hint?: ReactNode;
  waiting?: boolean;
  unavailable?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  kind = "plain",
  icon,
  hint,
  waiting = false,
  unavailable = false,
  className = "",
  type = "button",
  children,
  onClick,
  ...rest
}: ButtonProps) {
  const inert = waiting || unavailable;
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    if (inert) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      {...rest}
      type={type}
      className={["btn", kind === "plain" ? "" : kind, className].filter(Boolean).join(" ")}
      aria-disabled={inert || undefined}
      onClick={click}
    >
      {icon && <Icon name={icon} />}
      {children}
      {waiting && <Beat />}
      {hint && !waiting && <Hint>{hint}</Hint>}
    </button>
  );
}

/** A button that is only an icon; its name is for those who cannot see it, and for the tooltip. */
export function IconButton({
  name,
  icon,
  ...rest
}: { name: string; icon: IconName } & Omit<ButtonProps, "icon" | "name">) {
  return (
    <Button
      kind="ghost"
      {...rest}
      className={`icon ${rest.className ?? ""}`.trim()}
      aria-label={name}
      title={name}
    >
      <Icon name={icon} />
    </Button>
  );
}
