/** The list beside what is open; in one column, either of the two. */
import { Outlet, useParams } from "@tanstack/react-router";
import { ListPane } from "@/features/conversations/components/ListPane";
import { ONE_COLUMN, useMedia } from "@/lib/media";

export function ConversationsLayout() {
  const oneColumn = useMedia(ONE_COLUMN);
  const open = useParams({ strict: false }).conversationId !== undefined;
  return (
    <>
      {(!oneColumn || !open) && <ListPane isPage={oneColumn} />}
      {(!oneColumn || open) && <Outlet />}
    </>
  );
}
