/** The list beside the conversation: those that need a reply first, then by time. */
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Empty, Failed } from "@/components/ui/Empty";
import { Later } from "@/components/ui/Later";
import { LoadMore } from "@/components/ui/LoadMore";
import { Segments } from "@/components/ui/Segments";
import type { Conversation } from "@/lib/api/types";
import { useNow } from "@/lib/now";
import { shortTime } from "@/lib/time";
import { useConversations } from "../api/conversations";
import { isNamedBy } from "../conversation-words";
import { ConversationRow } from "./ConversationRow";

type Shown = "all" | "needs-reply";

export function ConversationList({ header, heading }: { header: ReactNode; heading: ReactNode }) {
  const list = useConversations();
  const [shown, setShown] = useState<Shown>("all");
  const needsReply = list.items.filter((conversation) => conversation.needsReply);
  const earlier = list.items.filter((conversation) => !conversation.needsReply);
  return (
    <>
      <header>
        <div className="ttl">{heading}</div>
        {header}
        <Segments
          label="Show"
          choices={[
            { value: "all", label: "All" },
            { value: "needs-reply", label: "Needs reply", count: needsReply.length },
          ]}
          value={shown}
          onChoose={setShown}
        />
      </header>
      <div className="rows">
        {list.isPending && <Skeleton />}
        {list.isError && list.items.length === 0 && (
          <Failed what="The conversations" retry={() => list.refetch()} />
        )}
        {list.isSuccess && list.items.length === 0 && <NoMessages />}
        {list.items.length > 0 && shown === "needs-reply" && needsReply.length === 0 && (
          <Empty icon="check" title="Nobody is waiting">
            The last word is yours everywhere.
          </Empty>
        )}
        <Group title="Needs reply" conversations={needsReply} />
        {shown === "all" && <Group title={needsReply.length > 0 ? "Earlier" : ""} conversations={earlier} />}
        {list.hasNextPage && (
          <LoadMore
            label="More conversations"
            loading={list.isFetchingNextPage}
            failed={list.isFetchNextPageError}
            onMore={() => list.fetchNextPage()}
          />
        )}
      </div>
    </>
  );
}

function Group({ title, conversations }: { title: string; conversations: readonly Conversation[] }) {
  const now = useNow(60);
  const open = useParams({ strict: false }).conversationId;
  if (conversations.length === 0) return null;
  return (
    <>
      {title && <h3>{title}</h3>}
      <ul>
        {conversations.map((conversation) => (
          <ConversationRow
            key={conversation.conversationId}
            conversation={conversation}
            current={isNamedBy(conversation, open)}
            when={conversation.lastMessageAt ? shortTime(new Date(conversation.lastMessageAt), now) : ""}
          />
        ))}
      </ul>
    </>
  );
}

function NoMessages() {
  return (
    <Empty
      icon="chat"
      title="No messages yet"
      action={
        <Link className="btn" to="/devices">
          Pair a Mac
        </Link>
      }
    >
      Pair the Mac that has your Messages. They arrive here by themselves.
    </Empty>
  );
}

function Skeleton() {
  return (
    <Later>
      <div className="row-ghosts" role="status">
        <span className="sr">Loading the conversations</span>
        {["a", "b", "c", "d", "e", "f"].map((row) => (
          <i key={row} />
        ))}
      </div>
    </Later>
  );
}
