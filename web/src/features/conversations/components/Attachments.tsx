/** What is known of attachments. The files themselves stay on the Mac. */
import { Icon } from "@/components/ui/Icon";
import type { Attachment, Message, Reaction } from "@/lib/api/types";
import { bytes, capital, plain } from "@/lib/words";
import { attachmentKind } from "../kinds";
import { MessageText } from "./MessageText";
import { Reactions } from "./Reactions";

interface AttachmentsProps {
  message: Message;
  attachments: readonly Attachment[];
  /** On the last of them. */
  reactions: readonly Reaction[];
  query: string;
}

export function Attachments({ message, attachments, reactions, query }: AttachmentsProps) {
  return attachments.map((attachment, index) => {
    const tapped = reactions.length > 0 && index === attachments.length - 1;
    const { icon, words } = attachmentKind(attachment, message.messageType);
    return (
      <div className="attached" key={attachment.guid}>
        <div className={tapped ? "file tapped" : "file"}>
          <span className="glyph">
            <Icon name={icon} />
          </span>
          <span className="about">
            <span className="small clip" dir="auto">
              {attachment.name ? `${words}, ${plain(attachment.name)}` : words}
            </span>
            <span className="tiny faint">{whereabouts(attachment)}</span>
          </span>
          {tapped && <Reactions reactions={reactions} />}
        </div>
        {attachment.transcription?.trim() && (
          <blockquote className="transcript" dir="auto">
            <span className="sr">Transcription: </span>
            <MessageText text={attachment.transcription.trim()} query={query} />
          </blockquote>
        )}
      </div>
    );
  });
}

/** "2.4 MB, stays on your Mac" */
function whereabouts({ sizeBytes, isOffloaded }: Attachment): string {
  const sized = Number(sizeBytes ?? 0) > 0;
  const place = isOffloaded ? "in iCloud, not on your Mac" : "stays on your Mac";
  return sized ? `${bytes(sizeBytes)}, ${place}` : capital(place);
}
