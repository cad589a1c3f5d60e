/** What is known of attachments. The files themselves stay on the Mac. */
import { Icon } from "@/components/ui/Icon";
import type { Attachment, Message, Reaction } from "@/lib/api/types";
import { bytes } from "@/lib/words";
import { attachmentKind } from "../message-words";
import { Reactions } from "./Reactions";

export function Attachments({ message, reactions }: { message: Message; reactions: readonly Reaction[] }) {
  const attachments = message.attachments ?? [];
  return attachments.map((attachment, index) => {
    const tapped = reactions.length > 0 && index === attachments.length - 1;
    return (
      <div className={tapped ? "file tapped" : "file"} key={attachment.guid}>
        <span className="glyph">
          <Icon name={attachmentKind(attachment.mimeType, message.messageType).icon} />
        </span>
        <span className="about">
          <span className="small clip" dir="auto">
            {title(attachment, message)}
          </span>
          <span className="tiny faint">
            {Number(attachment.sizeBytes ?? 0) > 0 && `${bytes(attachment.sizeBytes)}, `}stays on your Mac
          </span>
        </span>
        {tapped && <Reactions reactions={reactions} />}
      </div>
    );
  });
}

function title(attachment: Attachment, message: Message): string {
  const { words } = attachmentKind(attachment.mimeType, message.messageType);
  return attachment.name ? `${words}, ${attachment.name}` : words;
}
