/** What a message carries: files, an app's balloon, words; its reactions on the last of them. */
import type { Message } from "@/lib/api/types";
import { bodyOf, opensLinks } from "../message-body";
import { firstName, isOutgoing, senderName } from "../names";
import { Attachments } from "./Attachments";
import { Balloon } from "./Balloon";
import { MessageText } from "./MessageText";
import { Reactions } from "./Reactions";

interface MessageBodyProps {
  message: Message;
  /** The last of a run. */
  last: boolean;
  query: string;
}

export function MessageBody({ message, last, query }: MessageBodyProps) {
  if (message.unsentAt) {
    const who = isOutgoing(message) ? "You" : firstName(senderName(message));
    return (
      <p className="unsent">
        <bdi>{who}</bdi> unsent a message
      </p>
    );
  }
  const { attachments, balloon, subject, text, placeholder } = bodyOf(message);
  const reactions = message.reactions ?? [];
  const bubble = subject || text || placeholder;
  const tapped = reactions.length > 0;
  return (
    <>
      <Attachments
        message={message}
        attachments={attachments}
        reactions={balloon || bubble ? [] : reactions}
        query={query}
      />
      {balloon && (
        <Balloon balloon={balloon} tapped={tapped && !bubble}>
          {!bubble && <Reactions reactions={reactions} />}
        </Balloon>
      )}
      {bubble && (
        <p className={["bubble", last && "tail", tapped && "tapped"].filter(Boolean).join(" ")} dir="auto">
          {subject && (
            <b className="subject">
              <MessageText text={subject} query={query} />
            </b>
          )}
          {placeholder ? (
            <i className="faint">{placeholder}</i>
          ) : (
            <MessageText text={text} query={query} mentions={message.mentions} links={opensLinks(message)} />
          )}
          <Reactions reactions={reactions} />
        </p>
      )}
    </>
  );
}
