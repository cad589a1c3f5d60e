/** Every page: behind the sign-in, inside the frame. */
import { Outlet, useMatchRoute } from "@tanstack/react-router";
import { useConversations } from "@/features/conversations/api/conversations";
import { SessionGate } from "@/features/session/components/SessionGate";
import { Shell } from "@/features/shell/components/Shell";
import { useLive } from "@/lib/live/use-live";

export function Root() {
  return (
    <SessionGate>
      <Framed />
    </SessionGate>
  );
}

function Framed() {
  useLive();
  const match = useMatchRoute();
  const conversations = useConversations();
  const needsReply = conversations.items.filter((conversation) => conversation.needsReply).length;
  const inConversation = match({ to: "/conversations/$conversationId" }) !== false;
  const inList = match({ to: "/conversations" }) !== false;
  return (
    <Shell layout={inConversation ? "conversation" : inList ? "list" : "page"} needsReply={needsReply}>
      <Outlet />
    </Shell>
  );
}
