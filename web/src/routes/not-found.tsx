/** An address that leads nowhere. */
import { Link } from "@tanstack/react-router";
import { Empty } from "@/components/ui/Empty";
import { useTitle } from "@/lib/document-title";

export function NotFound() {
  useTitle("Not found");
  return (
    <main className="page calm" id="main">
      <h1 className="sr">Not found</h1>
      <Empty
        icon="search"
        title="There is no such page"
        action={
          <Link className="btn" to="/conversations">
            Conversations
          </Link>
        }
      >
        The address may be old, or cut short.
      </Empty>
    </main>
  );
}
