/** How things are, in three lines at most: the Mac, the model, the queue. */
import { Link } from "@tanstack/react-router";
import { Dot } from "@/components/ui/Dot";
import { type Line, useStatusLines } from "../status-lines";

export function Status() {
  const { mac, model, queue, troubles } = useStatusLines();
  return (
    <div className="status">
      {/* Said when a part changes between well and unwell; the ages below tick in silence. */}
      <p className="sr" role="status">
        {troubles}
      </p>
      {mac && <StatusLine to="/devices" line={mac} />}
      {model && <StatusLine to="/settings" line={model} />}
      {queue && <StatusLine to="/settings" line={queue} />}
    </div>
  );
}

function StatusLine({ to, line }: { to: "/devices" | "/settings"; line: Line }) {
  return (
    <Link to={to} title={line.words}>
      <Dot tone={line.tone} />
      <span className="clip">{line.words}</span>
      {line.more && <small className="clip">{line.more}</small>}
    </Link>
  );
}
