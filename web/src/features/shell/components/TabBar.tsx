/** The same pages under a thumb. */
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/ui/Icon";
import { PAGES } from "./pages";

export function TabBar() {
  return (
    <nav className="tabbar" aria-label="Main">
      {PAGES.map((page) => (
        <Link key={page.to} to={page.to}>
          <Icon name={page.icon} />
          {page.name}
        </Link>
      ))}
    </nav>
  );
}
