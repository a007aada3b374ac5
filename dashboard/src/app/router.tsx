/** Every address of the dashboard, and the screen that answers it. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  redirect,
} from "@tanstack/react-router";
import { Empty, Failed } from "@/components/states";
import { isEventType, type EventType } from "@/config/events";
import { isDay } from "@/features/analytics/api/use-stats";
import type { Way } from "@/features/analytics/components/cost-cards";
import type { Filters as ActivityFilters } from "@/features/activity/api/use-activity";
import type { List } from "@/features/activity/components/activity";
import type { Tab } from "@/features/inbox/components/inbox";
import type { View as IdentityView } from "@/features/identities/components/identity-page";
import type { Filters } from "@/features/tasks/components/columns";
import { placeOf } from "@/features/tasks/api/place";
import { Gate } from "./gate";
import { InboxScreen } from "./inbox-screen";

const WAYS: readonly string[] = ["role", "model", "repo", "day"];
const LISTS: readonly string[] = ["events", "calls", "audit", "memory"];

/** A whole number above zero under its name; nothing for what is none. */
function numbered<N extends string>(name: N, given: unknown): { [K in N]?: number } {
  const number = Number(given);
  return Number.isInteger(number) && number > 0 ? ({ [name]: number } as { [K in N]: number }) : {};
}

const root = createRootRoute({
  component: Gate,
  notFoundComponent: () => (
    <Empty alone title="There is no such page.">
      <Link to="/">Inbox</Link>
    </Empty>
  ),
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { tab?: Tab } =>
    search.tab === "all" || search.tab === "decided" ? { tab: search.tab } : {},
  component: InboxScreen,
});

const FILTERS = ["q", "severity", "status", "outcome", "node", "repo", "source", "sort"] as const;

const board = createRoute({
  getParentRoute: () => root,
  path: "/board",
  validateSearch: (search: Record<string, unknown>): Partial<Filters> => ({
    ...(search.view === "table" ? { view: "table" } : {}),
    ...Object.fromEntries(
      FILTERS.filter((name) => search[name]).map((name) => [name, String(search[name])]),
    ),
  }),
  component: lazyRouteComponent(() => import("./board-screen"), "BoardScreen"),
});

const task = createRoute({
  getParentRoute: () => root,
  path: "/tasks/$taskId",
  validateSearch: placeOf,
  component: lazyRouteComponent(() => import("./task-screen"), "TaskScreen"),
});

const incidents = createRoute({
  getParentRoute: () => root,
  path: "/incidents",
  validateSearch: (search: Record<string, unknown>): { state?: string; q?: string } => ({
    ...(search.state ? { state: String(search.state) } : {}),
    ...(search.q ? { q: String(search.q) } : {}),
  }),
  component: lazyRouteComponent(() => import("./incidents-screen"), "IncidentsScreen"),
});

const incident = createRoute({
  getParentRoute: () => root,
  path: "/incidents/$incidentId",
  component: lazyRouteComponent(() => import("./incident-screen"), "IncidentScreen"),
});

const submit = createRoute({
  getParentRoute: () => root,
  path: "/new",
  component: lazyRouteComponent(() => import("./submit-screen"), "SubmitScreen"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings/$part",
  component: lazyRouteComponent(() => import("./settings-screen"), "SettingsScreen"),
});

const settingsHome = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({
      to: "/settings/$part",
      params: { part: "configuration" },
      replace: true,
    });
  },
});

const agents = createRoute({
  getParentRoute: () => root,
  path: "/agents",
  validateSearch: (search: Record<string, unknown>): { path?: string } =>
    search.path ? { path: String(search.path) } : {},
  component: lazyRouteComponent(() => import("./agents-screen"), "AgentsScreen"),
});

const identities = createRoute({
  getParentRoute: () => root,
  path: "/identities",
  component: lazyRouteComponent(
    () => import("@/features/identities/components/identity-cards"),
    "IdentityCards",
  ),
});

const identity = createRoute({
  getParentRoute: () => root,
  path: "/identities/$role",
  validateSearch: (search: Record<string, unknown>): Partial<IdentityView> => ({
    ...(search.tab === "tasks" ? { tab: "tasks" } : {}),
    ...numbered("v", search.v),
    ...numbered("vs", search.vs),
  }),
  component: lazyRouteComponent(() => import("./identity-screen"), "IdentityScreen"),
});

const activity = createRoute({
  getParentRoute: () => root,
  path: "/activity",
  validateSearch: (search: Record<string, unknown>): Partial<ActivityFilters & { list: List }> => ({
    ...(LISTS.includes(String(search.list)) ? { list: search.list as List } : {}),
    ...(search.task ? { task: String(search.task) } : {}),
    ...(search.role ? { role: String(search.role) } : {}),
    ...(isEventType(String(search.type)) ? { type: search.type as EventType } : {}),
    ...(search.q ? { q: String(search.q) } : {}),
    ...numbered("after", search.after),
  }),
  component: lazyRouteComponent(() => import("./activity-screen"), "ActivityScreen"),
});

const analytics = createRoute({
  getParentRoute: () => root,
  path: "/analytics",
  validateSearch: (search: Record<string, unknown>): { from?: string; to?: string; by?: Way } => ({
    ...(isDay(String(search.from)) ? { from: String(search.from) } : {}),
    ...(isDay(String(search.to)) ? { to: String(search.to) } : {}),
    ...(WAYS.includes(String(search.by)) ? { by: search.by as Way } : {}),
  }),
  component: lazyRouteComponent(() => import("./analytics-screen"), "AnalyticsScreen"),
});

const short = createRoute({
  getParentRoute: () => root,
  path: "/t/$task8",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/tasks/$taskId", params: { taskId: params.task8 }, replace: true });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([
    ...[inbox, board, task, incidents, incident, submit, short, settings, settingsHome],
    ...[agents, identities, identity, activity, analytics],
  ]),
  basepath: "/ui",
  defaultErrorComponent: ({ error, reset }) => (
    <Failed what="this page" error={error} retry={reset} />
  ),
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
