import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { useState } from "react";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Overview, Waiting } from "../api/use-inbox";
import { Inbox, type Tab } from "./inbox";

const overview: Overview = {
  as_of_seq: 1,
  tasks: { queued: 1, running: 2, waiting_for_input: 3, completed: 9, failed: 0, cancelled: 0 },
  open_incidents: 4,
  agents_busy: 2,
  spent_today_usd: 3.1042,
  day_limit_usd: 20,
  price_known: false,
  started_at: new Date(Date.now() - 7_200_000).toISOString(),
  alerts: [],
};
const BEFORE = { passed: 14, failed: ["t::a"], failures: 1, exit_code: 1 };
const AFTER = { passed: 15, failed: [], failures: 0, exit_code: 0 };

const item = (id: string, more: object = {}): Waiting =>
  ({
    approval: {
      approval_id: id,
      task_id: `task-${id}`,
      kind: "release",
      state: "pending",
      title: `Release: ${id}`,
      risk: "low",
      details: {},
      voices: [],
      voices_needed: 1,
      created_at: "2026-01-01T00:00:00Z",
      expires_at: "2026-01-04T00:00:00Z",
    },
    task: {
      task_id: `task-${id}`,
      title: `Fault ${id}`,
      ticket: "BUG-7",
      repo: "acme/shop",
      severity: "P1",
      tests: { before: BEFORE, after: AFTER },
      size: { files: 2, added: 7, deleted: 1 },
      total_cost_usd: 0.3104,
      confidence: 0.93,
    },
    limit_usd: 1,
    yours: true,
    due_at: "2026-01-01T00:30:00Z",
    ...more,
  }) as unknown as Waiting;

const server = setupServer();
let waiting: Waiting[] = [];
let queries = new QueryClient();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  server.use(
    http.get("*/inbox", () => HttpResponse.json({ as_of_seq: 1, waiting })),
    http.get("*/overview", () => HttpResponse.json(overview)),
  );
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

function Page() {
  const [tab, setTab] = useState<Tab>("mine");
  return <Inbox tab={tab} onTab={setTab} />;
}

function show() {
  const root = createRootRoute({ component: Page });
  const history = createMemoryHistory({ initialEntries: ["/"] });
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={createRouter({ routeTree: root, history }) as never} />
    </QueryClientProvider>,
  );
}

const titles = () =>
  [...document.querySelectorAll(".row-title")].map((title) => title.textContent ?? "");
const refetch = () => act(() => queries.invalidateQueries({ queryKey: ["approvals"] }));

test("a row tells tests before and after, size, cost of its budget and confidence", async () => {
  waiting = [item("a")];
  show();
  const row = await screen.findByRole("link", { name: /Fault a/ });
  expect(row.textContent).toContain("Tests 14 pass, 1 fail → 15 pass, 0 fail ✓");
  for (const said of ["2 files +7 −1", "$0.3104 of $1.00", "Confidence 93 %", "BUG-7"])
    expect(row.textContent).toContain(said);
});

test("a fix that leaves a failure is not green", async () => {
  waiting = [item("a")];
  waiting[0]!.task.tests = { before: BEFORE, after: { ...AFTER, failures: 1, exit_code: 1 } };
  show();
  const row = await screen.findByRole("link", { name: /Fault a/ });
  expect(row.textContent).toContain("15 pass, 1 fail ✗");
});

test("what waits too long is marked", async () => {
  waiting = [item("a"), item("b", { due_at: new Date(Date.now() + 60_000).toISOString() })];
  show();
  const late = await screen.findByRole("link", { name: /Fault a/ });
  const fresh = await screen.findByRole("link", { name: /Fault b/ });
  expect([late, fresh].map((row) => row.textContent?.includes("⚠"))).toEqual([true, false]);
});

test("what lacks proof is told in its row", async () => {
  const unproven = item("a");
  unproven.approval.details = { unproven: "No test proves it." };
  waiting = [unproven];
  show();
  const row = await screen.findByRole("link", { name: /Fault a/ });
  expect(row.textContent).toContain("⚠ Missing proof");
});

test("rows stay where they are until new ones are asked for", async () => {
  waiting = [item("b"), item("c")];
  show();
  await screen.findByRole("link", { name: /Fault b/ });
  waiting = [item("a"), item("c"), item("d")];
  await refetch();
  await screen.findByText("↑ 2 new — show");
  expect(titles()).toEqual(["Fault b", "Fault c"]);
  await screen.findByText("Answered meanwhile");
  fireEvent.click(screen.getByRole("button", { name: "↑ 2 new — show" }));
  expect(titles()).toEqual(["Fault a", "Fault c", "Fault d"]);
  expect(screen.queryByText("Answered meanwhile")).toBeNull();
});

test("a first question comes by itself, and the last answer leaves good news", async () => {
  waiting = [];
  show();
  await screen.findByText("Nothing needs you.");
  await screen.findByText(/2 tasks are running/);
  waiting = [item("a")];
  await refetch();
  await screen.findByRole("link", { name: /Fault a/ });
  waiting = [];
  await refetch();
  await screen.findByText("Nothing needs you.");
});

test("mine are those that this key may answer and has not", async () => {
  waiting = [item("a"), item("b", { yours: false })];
  show();
  await waitFor(() => expect(titles()).toEqual(["Fault a"]));
  fireEvent.click(screen.getByRole("button", { name: "All" }));
  expect(titles()).toEqual(["Fault a", "Fault b"]);
});

test("decisions are headed as what they are, whatever waits", async () => {
  waiting = [item("a")];
  server.use(http.get("*/approvals", () => HttpResponse.json({ as_of_seq: 1, approvals: [] })));
  show();
  await screen.findByRole("heading", { name: "Needs you" });
  fireEvent.click(screen.getByRole("button", { name: "Decided" }));
  expect(screen.getByRole("heading", { name: "Decided" })).toBeTruthy();
  await screen.findByText("Nothing was decided yet.");
});

test("the strip tells how the house stands, and an unknown price is no zero", async () => {
  overview.alerts = [
    { name: "disk", said: "The disk is nearly full.", raised_at: "2026-01-01T00:00:00Z" },
  ];
  waiting = [];
  show();
  const strip = await screen.findByLabelText("How the house stands");
  for (const said of [
    "Open tasks6",
    "Open incidents4",
    "Agents busy2",
    "≥ $3.1042 of $20.00",
    "Up2 h",
  ])
    expect(strip.textContent).toContain(said);
  const alert = screen.getByText(/The disk is nearly full\./);
  expect(alert.textContent).toMatch(/since \d+ d All alerts$/);
});

test("j and k go through the rows", async () => {
  waiting = [item("a"), item("b")];
  show();
  await screen.findByRole("link", { name: /Fault b/ });
  for (const key of ["j", "j"]) fireEvent.keyDown(document.body, { key });
  expect(document.activeElement?.textContent).toContain("Fault b");
});
