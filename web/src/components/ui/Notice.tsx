/** What happened, what is safe, and one thing to do. Bad news is said at once, the rest when there is a pause. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

interface NoticeProps {
  tone?: "neutral" | "good" | "warn" | "bad";
  icon?: IconName;
  action?: ReactNode;
  children: ReactNode;
}

const ICONS = { neutral: "info", good: "check", warn: "alert", bad: "cross" } as const;

export function Notice({ tone = "neutral", icon, action, children }: NoticeProps) {
  const quiet = tone === "neutral" || tone === "good";
  return (
    <div className={`notice ${tone}`} role={quiet ? "status" : "alert"}>
      <Icon name={icon ?? ICONS[tone]} />
      <span className="grow">{children}</span>
      {action}
    </div>
  );
}
