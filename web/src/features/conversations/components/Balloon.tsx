/** An app's balloon or the card of a link. */
import type { ReactNode } from "react";
import { Icon } from "@/components/ui/Icon";
import type { Balloon as BalloonBody } from "../message-body";
import { OpenLink } from "./MessageText";

interface BalloonProps {
  balloon: BalloonBody;
  tapped: boolean;
  children: ReactNode;
}

export function Balloon({ balloon, tapped, children }: BalloonProps) {
  const { icon, title, link } = balloon;
  return (
    <div className={tapped ? "file tapped" : "file"}>
      <span className="glyph">
        <Icon name={icon} />
      </span>
      <span className="about">
        <span className="small clip" dir="auto">
          {title}
        </span>
        {link ? (
          <OpenLink className="address tiny clip" {...link} />
        ) : (
          <span className="tiny faint">{icon === "link" ? "Link" : "Opens in Messages on your Mac"}</span>
        )}
      </span>
      {children}
    </div>
  );
}
