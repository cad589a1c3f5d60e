/** The addresses of the product, and what each of them shows. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  type RouterHistory,
  redirect,
} from "@tanstack/react-router";
import { Button } from "@/components/ui/Button";
import { Empty } from "@/components/ui/Empty";
import { Queue } from "@/features/conversations/components/Queue";
import { DevicesPage } from "@/features/devices/components/DevicesPage";
import { SettingsPage } from "@/features/settings/components/SettingsPage";
import { ConversationPage } from "./conversation";
import { ConversationsLayout } from "./conversations";
import { NotFound } from "./not-found";
import { Root } from "./root";

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound });

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/conversations", replace: true });
  },
});

interface ConversationsSearch {
  /** What is searched for. */
  q?: string | undefined;
  /** The message to show. */
  m?: string | undefined;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const conversationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/conversations",
  component: ConversationsLayout,
  validateSearch: (search: Record<string, unknown>): ConversationsSearch => ({
    q: text(search.q)?.slice(0, 200),
    m: text(search.m),
  }),
});

const queueRoute = createRoute({ getParentRoute: () => conversationsRoute, path: "/", component: Queue });

const conversationRoute = createRoute({
  getParentRoute: () => conversationsRoute,
  path: "$conversationId",
  component: ConversationPage,
});

const devicesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/devices",
  component: DevicesPage,
});

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings",
  component: SettingsPage,
});

const routeTree = rootRoute.addChildren([
  indexRoute,
  conversationsRoute.addChildren([queueRoute, conversationRoute]),
  devicesRoute,
  settingsRoute,
]);

/** A page that failed on its own account; the rest of the product goes on. */
function PageFailed({ reset }: ErrorComponentProps) {
  return (
    <main className="page calm" id="main">
      <h1 className="sr">This page failed</h1>
      <Empty
        role="alert"
        icon="alert"
        title="This page cannot be shown"
        action={
          <Button icon="again" onClick={reset}>
            Try again
          </Button>
        }
      >
        The rest still works. Nothing was lost.
      </Empty>
    </main>
  );
}

export function makeRouter(history?: RouterHistory) {
  return createRouter({ routeTree, defaultErrorComponent: PageFailed, ...(history && { history }) });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
