/** The message that a message replies to, in a line that jumps there. */
import { Icon } from "@/components/ui/Icon";
import type { Message } from "@/lib/api/types";
import { bodyWords } from "../message-words";
import { firstName, senderName } from "../names";

interface QuoteProps {
  /** Undefined when it is not loaded. */
  message: Message | undefined;
  onShow: (messageId: string) => void;
}

export function Quote({ message, onShow }: QuoteProps) {
  const content = (
    <>
      <Icon name="reply" />
      <span className="clip" dir="auto">
        {message ? `${firstName(senderName(message))}: ${bodyWords(message)}` : "Reply to an earlier message"}
      </span>
    </>
  );
  if (!message) return <span className="quote">{content}</span>;
  return (
    <button className="quote" type="button" onClick={() => onShow(message.messageId ?? "")}>
      {content}
    </button>
  );
}
