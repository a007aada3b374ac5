import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Incident, IncidentPage as View } from "../api/use-incidents";
import { IncidentList, type IncidentFilters } from "./incident-list";
import { IncidentPage } from "./incident-page";

const ID = "1a2b3c4d-0000-4000-8000-000000000001";
const incident = (more: Partial<Incident> = {}): Incident => ({
  incident_id: ID,
  title: "The total is off",
  repo: "acme/shop",
  source: "rest",
  ticket: "BUG-7",
  state: "open",
  reason: "Cancelled by a person.",
  severity: "P1",
  count: 41,
  task_id: null,
  pr_url: null,
  regression_of: null,
  apart_from: null,
  merged_into: null,
  silent: false,
  dismissal: null,
  may: ["fix", "dismiss", "resolve", "merge"],
  first_seen_at: "2026-01-01T00:00:00Z",
  last_seen_at: "2026-01-02T00:00:00Z",
  updated_at: "2026-01-02T00:00:00Z",
  ...more,
});
const view = (more: Partial<View> = {}): View => ({
  as_of_seq: 1,
  ...incident(),
  history: [
    {
      kind: "reported",
      at: "2026-01-02T00:00:00Z",
      by: "slack:U7",
      state: "diagnosing",
      reason: "The total is off",
      task_id: "t1",
      began: false,
      text: "Again\u202e <b>now</b>",
    },
  ],
  forgotten: false,
  tasks: [],
  ...more,
});

const server = setupServer();
const began: string[] = [];

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
  began.length = 0;
});
afterAll(() => server.close());

function at(screen: React.ReactNode) {
  const root = createRootRoute({ component: () => screen });
  const router = createRouter({
    routeTree: root,
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}

const shown = (mayAct = true) =>
  at(<IncidentPage incidentId={ID} mayAct={mayAct} onTask={(task) => began.push(task)} />);

function serving(found: View, status = 200) {
  server.use(http.get(`*/incidents/${ID}`, () => HttpResponse.json(found, { status })));
}

function taking(act: string, status: number, body: object): object[] {
  const bodies: object[] = [];
  server.use(
    http.post(`*/incidents/${ID}/${act}`, async ({ request }) => {
      const text = await request.text();
      bodies.push(text ? (JSON.parse(text) as object) : {});
      return HttpResponse.json(body, { status });
    }),
  );
  return bodies;
}

const click = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));
const fill = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

function listing(pages: Incident[][], filters: Partial<IncidentFilters> = {}): string[] {
  const asked: string[] = [];
  server.use(
    http.get("*/incidents", ({ request }) => {
      const url = new URL(request.url);
      asked.push(url.search);
      const page = Number(url.searchParams.get("cursor") || 0);
      return HttpResponse.json({
        as_of_seq: 1,
        incidents: pages[page] ?? [],
        next_cursor: page + 1 < pages.length ? String(page + 1) : null,
        counts: { open: 2, awaiting_fix_approval: 1, resolved: 5, noise: 3 },
      });
    }),
  );
  const chosen: IncidentFilters = { state: "care", q: "", ...filters };
  at(<IncidentList filters={chosen} onFilters={(next) => asked.push(JSON.stringify(next))} />);
  return asked;
}

test("a row tells state, count and ages, and the groups tell how many there are", async () => {
  listing([[incident()]]);
  const row = await screen.findByRole("link", { name: /The total is off/ });
  expect(row.getAttribute("href")).toBe(`/incidents/${ID}`);
  expect(row.textContent).toContain("seen 41×");
  expect(row.textContent).toContain("Open");
  expect(screen.getByRole("button", { name: /Under care\s*3/ })).toBeTruthy();
  expect(screen.getByRole("button", { name: /All\s*11/ })).toBeTruthy();
});

test("groups and words become filters, and further pages come on demand", async () => {
  const second = incident({ incident_id: ID.replace("1a", "2b"), title: "Another" });
  const asked = listing([[incident()], [second]], { state: "settled", q: "BUG" });
  await screen.findByRole("link", { name: /The total is off/ });
  expect(asked[0]).toContain("state=resolved&state=duplicate&q=BUG");
  click("Show more");
  await screen.findByRole("link", { name: /Another/ });
  click(/^Noise/);
  expect(asked.at(-1)).toBe('{"state":"noise","q":"BUG"}');
});

test("rows are gone through with j and k", async () => {
  listing([[incident(), incident({ incident_id: "x", title: "Another" })]]);
  await screen.findByRole("link", { name: /Another/ });
  for (const key of ["j", "j", "k"]) fireEvent.keyDown(document.body, { key });
  expect(document.activeElement?.textContent).toContain("The total is off");
});

test("nothing under care is said to be good, and a failure can be tried again", async () => {
  listing([[]]);
  await screen.findByText("No fault is under care.");
  cleanup();
  server.use(
    http.get("*/incidents", () => HttpResponse.json({ detail: "Store." }, { status: 503 })),
  );
  at(<IncidentList filters={{ state: "care", q: "" }} onFilters={() => undefined} />);
  expect((await screen.findByRole("alert")).textContent).toContain("Couldn’t load incidents");
});

test("the words of a report that joined are kept, as text", async () => {
  serving(view());
  shown();
  const history = await screen.findByRole("region", { name: "History" });
  expect(history.textContent).toContain("joined task");
  expect(history.textContent).toContain("Again");
  expect(within(history).getByText("RLO")).toBeTruthy();
  expect(history.querySelector("b")).toBeNull();
});

test("a history whose beginning is no longer kept says so", async () => {
  serving(view({ forgotten: true }));
  shown();
  const history = await screen.findByRole("region", { name: "History" });
  expect(history.textContent).toContain("Earlier reports and steps are no longer kept");
});

test("a dismissal has a reason and an end, and is confirmed by name", async () => {
  serving(view());
  const bodies = taking("dismiss", 200, view({ state: "noise" }));
  shown();
  await screen.findByRole("heading", { name: "The total is off" });
  click("Dismiss…");
  const confirm = screen.getByRole<HTMLButtonElement>("button", { name: "Dismiss BUG-7" });
  expect(confirm.disabled).toBe(true);
  fill("Why", "known since March");
  fill("How long", "");
  click("Dismiss BUG-7");
  await screen.findByText("Dismissed. Its reports are only counted now.");
  expect(bodies).toEqual([{ reason: "known since March", until: null }]);
});

test("a refusal is shown, the words stay, and what stands now is loaded", async () => {
  serving(view());
  taking("resolve", 409, { type: "urn:anton:conflict", detail: "Task 5e6f7a8b works on it." });
  shown();
  await screen.findByRole("heading", { name: "The total is off" });
  click("Resolve…");
  fill("Why", "by hand");
  serving(view({ task_id: "5e6f7a8b", may: [] }));
  click("Resolve BUG-7");
  expect((await screen.findByRole("alert")).textContent).toContain("Task 5e6f7a8b works on it.");
  expect(screen.getByLabelText<HTMLTextAreaElement>("Why").value).toBe("by hand");
  await screen.findByText(/works on it. Cancel it there/);
});

test("offline nothing is said to be done", async () => {
  serving(view({ may: ["reopen"], state: "resolved" }));
  server.use(http.post("*/reopen", () => HttpResponse.error()));
  shown();
  await screen.findByRole("heading", { name: "The total is off" });
  click("Reopen…");
  click("Reopen BUG-7");
  expect((await screen.findByRole("alert")).textContent).toContain("Not sent. You are offline.");
});

test("fix now leads to the task", async () => {
  serving(view());
  taking("fix", 201, { task_id: "t9", status: "queued", incident_id: ID, joined: false });
  shown();
  await screen.findByRole("heading", { name: "The total is off" });
  click("Fix now…");
  click("Fix BUG-7");
  await waitFor(() => expect(began).toEqual(["t9"]));
});

test("merging names the one that takes over", async () => {
  serving(view());
  const bodies = taking("merge", 200, view({ state: "duplicate" }));
  const other = incident({ incident_id: "other-id", title: "The sum is off", ticket: null });
  server.use(
    http.get("*/incidents", () =>
      HttpResponse.json({
        as_of_seq: 1,
        incidents: [incident(), other],
        next_cursor: null,
        counts: {},
      }),
    ),
  );
  shown();
  await screen.findByRole("heading", { name: "The total is off" });
  click("Merge…");
  fireEvent.click(await screen.findByRole("radio", { name: /The sum is off/ }));
  expect(screen.queryByRole("radio", { name: /The total is off/ })).toBeNull();
  click("Merge BUG-7");
  await screen.findByText("Merged.");
  expect(bodies).toEqual([{ into: "other-id" }]);
});

test("a key that may only read sees why it cannot act, and a wrong address is said", async () => {
  serving(view());
  shown(false);
  await screen.findByText("Acting on incidents needs a key with scope operate.");
  cleanup();
  serving(view(), 404);
  shown();
  await screen.findByText("There is no such incident.");
});
