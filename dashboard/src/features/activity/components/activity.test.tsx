import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { useEffect, useState } from "react";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { LoggedEvent } from "@/lib/events";
import { useLive } from "@/lib/live";
import type { AntonEvent } from "@/lib/stream/said";
import type { Filters } from "../api/use-activity";
import { Activity, type List } from "./activity";

const event = (seq: number, more: Partial<LoggedEvent> = {}): LoggedEvent => ({
  v: 1,
  seq,
  ts: "2026-01-01T00:00:00Z",
  type: "node",
  task_id: "7c1e90ab-0000",
  incident_id: "",
  role: "",
  data: { node: "fix", state: "finished", ms: 58_000, summary: `number ${seq}` },
  ...more,
});

/** The test browser draws nothing, so that everything would be of size 0. */
function laidOut(
  name: "offsetHeight" | "clientHeight" | "clientWidth",
  size: (element: HTMLElement) => number,
): void {
  vi.spyOn(HTMLElement.prototype, name, "get").mockImplementation(function (this: HTMLElement) {
    return size(this);
  });
}

const OPEN: Filters = { task: "", role: "", type: "", q: "", after: 0 };
const server = setupServer();
let asked: URLSearchParams[] = [];
const ears: { all: Set<(events: readonly AntonEvent[]) => void> } = { all: new Set() };

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  asked = [];
  laidOut("offsetHeight", (element) => (element.tagName === "LI" ? 46 : 700));
  laidOut("clientHeight", () => 700);
  laidOut("clientWidth", () => 900);
  server.use(
    http.get("*/identities", () => HttpResponse.json({ identities: [{ role: "fix" }] })),
    http.get("*/events/search", ({ request }) => {
      const query = new URL(request.url).searchParams;
      asked.push(query);
      const before = Number(query.get("before") ?? 11);
      const events = [...Array(5).keys()].map((at) => event(before - 1 - at));
      return HttpResponse.json({ as_of_seq: 10, events, next_before: before > 6 ? 6 : null });
    }),
  );
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  server.resetHandlers();
});
afterAll(() => server.close());

function Held({ begin, list }: { begin: Filters; list: List }) {
  const [filters, setFilters] = useState(begin);
  const live = useLive();
  useEffect(() => {
    ears.all = live.ears;
  }, [live]);
  return <Activity list={list} filters={filters} onList={() => undefined} onFilters={setFilters} />;
}

async function show(begin: Partial<Filters> = {}, list: List = "events") {
  const root = createRootRoute({
    component: () => <Held begin={{ ...OPEN, ...begin }} list={list} />,
  });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole("heading", { name: "Activity" });
}

const rows = (name = "events") =>
  within(screen.getByRole("list", { name })).getAllByRole("listitem");
const numbers = () => rows().map((row) => Number(/number (\d+)/.exec(row.textContent ?? "")?.[1]));
const live = (...events: LoggedEvent[]) =>
  act(() => ears.all.forEach((ear) => ear(events as AntonEvent[])));

test("events are listed newest first, and older ones are fetched to the beginning", async () => {
  await show();
  await waitFor(() => expect(numbers()).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]));
  expect(rows()[0]?.textContent).toContain("Fix finished · 58 s · number 10");
  expect(screen.getByText("This is the beginning.")).toBeTruthy();
});

test("what is new comes to the top by itself while nobody reads", async () => {
  await show();
  await waitFor(() => expect(numbers()).toHaveLength(10));
  live(event(11), event(12));
  expect(numbers().slice(0, 3)).toEqual([12, 11, 10]);
});

test("no row moves under the pointer: new ones wait, are counted, and come when it leaves", async () => {
  await show();
  await waitFor(() => expect(numbers()).toHaveLength(10));
  live(event(11));
  const list = screen.getByRole("list", { name: "events" }).parentElement as HTMLElement;
  fireEvent.pointerEnter(list);
  live(event(12), event(13));
  expect(numbers()[0]).toBe(11);
  expect(screen.getByRole("button", { name: "↑ 2 new, show" })).toBeTruthy();
  fireEvent.pointerLeave(list);
  expect(numbers().slice(0, 3)).toEqual([13, 12, 11]);
  expect(screen.queryByRole("button", { name: /new, show/ })).toBeNull();
});

test("paused, nothing comes until it is asked for", async () => {
  await show();
  await waitFor(() => expect(numbers()).toHaveLength(10));
  fireEvent.click(screen.getByRole("button", { name: /Pause/ }));
  live(event(11));
  expect(numbers()[0]).toBe(10);
  fireEvent.click(screen.getByRole("button", { name: "↑ 1 new, show" }));
  expect(numbers()[0]).toBe(11);
  live(event(12));
  expect(numbers()[0]).toBe(11);
  fireEvent.click(screen.getByRole("button", { name: /Resume/ }));
  expect(numbers()[0]).toBe(12);
});

test("filters go to the server, and what does not fit does not come live either", async () => {
  await show({ type: "node", task: "7c1e90ab", after: 3 });
  await waitFor(() => expect(numbers()).toHaveLength(10));
  expect(asked[0]?.getAll("type")).toEqual(["node"]);
  expect(asked[0]?.get("task")).toBe("7c1e90ab");
  expect(asked[0]?.get("after")).toBe("3");
  live(event(11, { type: "status" }), event(12, { task_id: "other" }), event(13));
  expect(numbers()[0]).toBe(13);
  expect(numbers()[1]).toBe(10);
  fireEvent.change(screen.getByLabelText("Search"), { target: { value: "toggle" } });
  await waitFor(() => expect(asked.at(-1)?.get("q")).toBe("toggle"));
});

test("a search that found nothing yet offers to go further back", async () => {
  server.use(
    http.get("*/events/search", ({ request }) => {
      const before = Number(new URL(request.url).searchParams.get("before") ?? 1_000_000);
      return HttpResponse.json({ as_of_seq: 10, events: [], next_before: before - 50_000 });
    }),
  );
  await show({ q: "rare" });
  expect(await screen.findByRole("button", { name: /Search further back/ })).toBeTruthy();
});

test("what hides in an audit entry is shown by name, and its task is one click away", async () => {
  const entry = {
    number: 7,
    at: "2026-01-01T00:00:00Z",
    action: "refused",
    actor: "telegram:dana",
    task_id: "7c1e90ab-0000",
    detail: { refusal: "as asked\u202e" },
  };
  server.use(
    http.get("*/audit", () =>
      HttpResponse.json({ as_of_seq: 1, entries: [entry], next_before: null }),
    ),
  );
  await show({}, "audit");
  const row = (await waitFor(() => rows("the audit log")))[0] as HTMLElement;
  expect(row.textContent).toContain("✗ Refused");
  expect(row.textContent).toContain("Refusal: as askedRLO");
  expect(within(row).getByText("Task 7c1e90ab").getAttribute("href")).toContain("/tasks/7c1e90ab");
});

test("a server that is away is told, with a way to try again", async () => {
  server.use(http.get("*/logs", () => HttpResponse.error()));
  await show({}, "calls");
  expect((await screen.findByRole("alert")).textContent).toContain("Couldn’t load model calls.");
});
