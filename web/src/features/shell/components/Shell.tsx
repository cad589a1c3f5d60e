/** The frame around every page: the rail or the tab bar, the banner of a lost connection, the keys. */
import { type ReactNode, useState } from "react";
import { useShortcuts } from "@/lib/keys";
import { PHONE, useMedia } from "@/lib/media";
import { OfflineBanner } from "./OfflineBanner";
import { Rail } from "./Rail";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { TabBar } from "./TabBar";
import { TroubleBanner } from "./TroubleBanner";

interface ShellProps {
  /** How the page is laid out: one page, the list, or a conversation beside the list. */
  layout: "page" | "list" | "conversation";
  needsReply: number;
  children: ReactNode;
}

const CLASSES = { page: "app", list: "app chat", conversation: "app chat open" } as const;

export function Shell({ layout, needsReply, children }: ShellProps) {
  const phone = useMedia(PHONE);
  const [keysShown, setKeysShown] = useState(false);
  useShortcuts({ "?": () => setKeysShown(true) });
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <OfflineBanner />
      {phone && layout !== "conversation" && <TroubleBanner />}
      <div className={CLASSES[layout]}>
        {!phone && <Rail needsReply={needsReply} onShowKeys={() => setKeysShown(true)} />}
        {children}
        {phone && layout !== "conversation" && <TabBar />}
      </div>
      {keysShown && <ShortcutsDialog onClose={() => setKeysShown(false)} />}
    </>
  );
}
