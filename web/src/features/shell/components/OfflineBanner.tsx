/** No answer from the server: said once, at the top of every page. The pages ask again by themselves. */
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { offline } from "@/lib/api/client";
import { useSignal } from "@/lib/signal";

export function OfflineBanner() {
  const lost = useSignal(offline);
  const client = useQueryClient();
  return (
    <div role="status">
      {lost && (
        <div className="banner">
          <Icon name="offline" />
          <span className="grow">
            <b>No connection to your server.</b> You can read on; your text is kept. Trying again by itself.
          </span>
          <Button onClick={() => client.refetchQueries({ type: "active" })}>Try now</Button>
        </div>
      )}
    </div>
  );
}
