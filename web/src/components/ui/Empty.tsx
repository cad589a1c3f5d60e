/** An empty or failed part of a page: an icon, a fact, one next step. */
import type { ReactNode } from "react";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";

interface EmptyProps {
  icon: IconName;
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  role?: "alert" | "status";
}

export function Empty({ icon, title, children, action, role }: EmptyProps) {
  return (
    <div className="empty" role={role}>
      <span className="glyph">
        <Icon name={icon} />
      </span>
      <h3>{title}</h3>
      {children && <p className="small">{children}</p>}
      {action}
    </div>
  );
}

/** This part could not be loaded; the rest of the page goes on. */
export function Failed({ what, retry }: { what: string; retry: () => void }) {
  return (
    <Empty
      role="alert"
      icon="alert"
      title={`${what} cannot be shown`}
      action={
        <Button icon="again" onClick={retry}>
          Try again
        </Button>
      }
    >
      The rest still works. Nothing was lost.
    </Empty>
  );
}
