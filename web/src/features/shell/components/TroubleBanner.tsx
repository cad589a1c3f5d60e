/** On a phone there is no room for how things are: only what is not well is said. */
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/ui/Icon";
import { useStatusLines } from "../status-lines";

export function TroubleBanner() {
  const { troubles } = useStatusLines();
  return (
    <div role="status">
      {troubles && (
        <div className="banner">
          <Icon name="alert" />
          <span className="grow">{troubles}</span>
          <Link className="btn" to="/settings">
            Details
          </Link>
        </div>
      )}
    </div>
  );
}
