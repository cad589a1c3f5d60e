/** The rail: where one can go, and at its foot how things are and who is signed in. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Avatar } from "@/components/ui/Avatar";
import { IconButton } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { Logo } from "@/components/ui/Logo";
import { sessionQuery } from "@/lib/queries/session";
import { useSignal } from "@/lib/signal";
import { chooseTheme, THEMES, theme } from "@/lib/theme";
import { PAGES } from "./pages";
import { Status } from "./Status";

interface RailProps {
  needsReply: number;
  onShowKeys: () => void;
}

export function Rail({ needsReply, onShowKeys }: RailProps) {
  const name = useQuery(sessionQuery).data?.account?.name ?? "Owner";
  return (
    <nav className="rail" aria-label="Main">
      <div className="brand">
        <Logo size={24} />
        <span>Conversation Assistant</span>
      </div>
      {PAGES.map((page) => (
        <Link key={page.to} className="nav" to={page.to} title={page.name}>
          <Icon name={page.icon} />
          <span>{page.name}</span>
          {page.to === "/conversations" && needsReply > 0 && (
            <span className="count">
              {needsReply}
              <span className="sr"> need a reply</span>
            </span>
          )}
        </Link>
      ))}
      <Status />
      <div className="me">
        <Avatar name={name} size="s" />
        <span className="clip">
          <bdi>{name}</bdi>
        </span>
        <ThemeButton />
        <IconButton icon="help" name="Keyboard shortcuts" aria-keyshortcuts="?" onClick={onShowKeys} />
      </div>
    </nav>
  );
}

function ThemeButton() {
  const now = useSignal(theme);
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]!;
  return <IconButton icon="theme" name={`Theme: ${now}`} onClick={() => chooseTheme(next)} />;
}
