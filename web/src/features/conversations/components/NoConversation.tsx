/** An address that leads to no conversation of this account. */
import { Link } from "@tanstack/react-router";
import { Empty } from "@/components/ui/Empty";

export function NoConversation() {
  return (
    <main className="page calm" id="main">
      <h1 className="sr">Conversation not found</h1>
      <Empty
        icon="chat"
        title="This conversation is not here"
        action={
          <Link className="btn" to="/conversations">
            All conversations
          </Link>
        }
      >
        It may have been deleted from this server. Your Mac keeps its own.
      </Empty>
    </main>
  );
}
