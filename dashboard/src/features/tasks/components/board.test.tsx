import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { AntonEvent } from "@/lib/stream/said";
import { patched, type Brief } from "../api/use-board";
import { Board } from "./board";
import { columnOf, NO_FILTERS, sorted, type Filters } from "./columns";

const NOW = Date.now();
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const brief = (id: string, more: Partial<Brief> = {}): Brief => ({
  task_id: id,
  incident_id: null,
  workflow: "repair",
  title: `Fault ${id}`,
  ticket: null,
  repo: "acme/shop",
  source: "rest",
  severity: "P2",
  status: "running",
  outcome: null,
  node: "fix",
  iteration: 1,
  reason: null,
  cost_usd: 0.25,
  pr_url: null,
  awaits_merge: false,
  created_at: ago(60_000),
  updated_at: ago(30_000),
  ended_at: null,
  ...more,
});
const ended = { status: "completed", outcome: "fixed", node: "report" } as const;

const server = setupServer();
const chosen: Filters[] = [];

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  chosen.length = 0;
});
afterAll(() => server.close());

const fresh = () =>
  new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 30_000 } } });

function show(tasks: Brief[], filters: Partial<Filters> = {}, queries = fresh()) {
  server.use(
    http.get("*/board", () => HttpResponse.json({ as_of_seq: 1, tasks, next_cursor: null })),
  );
  const component = () => (
    <Board filters={{ ...NO_FILTERS, ...filters }} onFilters={(next) => chosen.push(next)} />
  );
  const history = createMemoryHistory({ initialEntries: ["/"] });
  const router = createRouter({ routeTree: createRootRoute({ component }), history });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}

test("each task stands in the column of its step; who waits for a person stands apart", () => {
  const column = (more: Partial<Brief>) => columnOf(brief("a", more), NOW);
  expect(column({ status: "queued", node: null })).toBe("queued");
  expect(column({ node: "reproduce" })).toBe("diagnose");
  expect(column({ node: "qa" })).toBe("fix");
  expect(column({ status: "waiting_for_input", node: "approve" })).toBe("you");
  expect(column({ ...ended, awaits_merge: true, ended_at: ago(9e8) })).toBe("merge");
  expect(column({ ...ended, ended_at: ago(0) })).toBe("today");
  expect(column({ ...ended, ended_at: ago(2 * 86_400_000) })).toBeUndefined();
});

test("columns show their cards and their number", async () => {
  show([brief("a"), brief("b", { status: "waiting_for_input", node: "approve", severity: "P0" })]);
  const needs = await screen.findByRole("region", { name: "Needs you" });
  expect(within(needs).getByRole("link").textContent).toContain("P0");
  expect(within(needs).getByRole("heading").textContent).toBe("Needs you 1");
  const fixing = screen.getByRole("region", { name: "Fix & QA" });
  expect(within(fixing).getByRole("link").getAttribute("href")).toBe("/tasks/a");
  expect(screen.getByLabelText<HTMLSelectElement>("Column").value).toBe("you");
});

test("the table sorts by its headings, and says so", async () => {
  show([brief("a"), brief("b", { cost_usd: 2 })], { view: "table", sort: "cost" });
  const heading = await screen.findByRole("columnheader", { name: "Cost" });
  expect(heading.getAttribute("aria-sort")).toBe("ascending");
  const rows = screen.getAllByRole("link").map((link) => link.textContent);
  expect(rows).toEqual(["Fault a", "Fault b"]);
  fireEvent.click(within(heading).getByRole("button"));
  expect(chosen.at(-1)?.sort).toBe("-cost");
  expect(sorted([brief("a"), brief("b", { cost_usd: 2 })], "-cost")[0]?.task_id).toBe("b");
});

test("filters narrow, go into the address, and are cleared at once", async () => {
  const tasks = [brief("a"), brief("b", { repo: "acme/mail", severity: "P1" })];
  show(tasks, { severity: "P1", view: "table" });
  expect((await screen.findAllByRole("link")).map((link) => link.textContent)).toEqual(["Fault b"]);
  expect(screen.getByText("1 of 2 tasks")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Repository"), { target: { value: "acme/mail" } });
  expect(chosen.at(-1)).toMatchObject({ severity: "P1", repo: "acme/mail" });
  fireEvent.click(screen.getByRole("button", { name: "Clear" }));
  expect(chosen.at(-1)).toEqual({ ...NO_FILTERS, view: "table" });
});

test("an empty board points on, and a failure can be tried again", async () => {
  show([]);
  await screen.findByText("No tasks yet.");
  cleanup();
  server.use(http.get("*/board", () => HttpResponse.error()));
  render(
    <QueryClientProvider
      client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}
    >
      <Board filters={NO_FILTERS} onFilters={() => undefined} />
    </QueryClientProvider>,
  );
  expect((await screen.findByRole("alert")).textContent).toContain("The server does not answer.");
});

const event = (type: string, data: object, more: Partial<AntonEvent> = {}): AntonEvent => ({
  v: 1,
  seq: 9,
  ts: ago(0),
  type,
  task_id: "a",
  data: data as Record<string, unknown>,
  ...more,
});

test("what events tell is put into the rows; what they do not is asked for", () => {
  const tasks = [brief("a"), brief("b")];
  const begun = patched(tasks, [event("node", { node: "qa", state: "started" })], 1);
  expect([begun.tasks[0]?.node, begun.missed]).toEqual(["qa", false]);
  const over = patched(tasks, [event("end", { outcome: "fixed", reason: "done" })], 1);
  expect([over.tasks[0]?.outcome, over.missed]).toEqual(["fixed", true]);
  expect(
    patched(tasks, [event("status", { status: "queued" }, { task_id: "new" })], 1).missed,
  ).toBe(true);
  expect(patched(tasks, [event("node", { node: "qa", state: "started" })], 9).tasks).toBe(tasks);
});

test("a severity that triage has not told is not made up", async () => {
  const blocked = { ...ended, outcome: "blocked", severity: null } as const;
  show([brief("a", { severity: null }), brief("b", blocked)], { view: "table" });
  expect(await screen.findByText("Not yet known")).toBeTruthy();
  expect(screen.queryByText("P?")).toBeNull();
});

test("tasks that were fetched for another screen are fetched anew, for nobody heard of changes", async () => {
  const queries = fresh();
  queries.setQueryData(["board"], { as_of_seq: 1, tasks: [], next_cursor: null });
  show([brief("late")], {}, queries);
  expect(await screen.findByRole("link", { name: /Fault late/ })).toBeTruthy();
});
