/** The frame around every page: the rail or the tab bar, the banner of a lost connection, the keys. */
import { type ReactNode, useState } from "react";
import { useShortcuts } from "@/lib/keys";
import { OfflineBanner } from "./OfflineBanner";
import { Rail } from "./Rail";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { TabBar } from "./TabBar";

interface ShellProps {
  /** How the page is laid out: one page, the list, or a conversation beside the list. */
  layout: "page" | "list" | "conversation";
  needsReply: number;
  children: ReactNode;
}

const CLASSES = { page: "app", list: "app chat", conversation: "app chat open" } as const;

export function Shell({ layout, needsReply, children }: ShellProps) {
  const [keysShown, setKeysShown] = useState(false);
  useShortcuts({ "?": () => setKeysShown(true) });
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <OfflineBanner />
      <div className={CLASSES[layout]}>
        <Rail needsReply={needsReply} onShowKeys={() => setKeysShown(true)} />
        {children}
        {layout !== "conversation" && <TabBar />}
      </div>
      {keysShown && <ShortcutsDialog onClose={() => setKeysShown(false)} />}
    </>
  );
}
