import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ApprovalFacts, Task } from "@/lib/api";
import { approval, question, task } from "@/testing/samples";
import type { Tab } from "../api/place";
import { TaskPage } from "./task-page";

const server = setupServer();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

const whole = (asked: ApprovalFacts) => HttpResponse.json({ ...approval, ...asked, diff: "" });

interface More {
  task?: Partial<Task>;
  events?: object[];
  tab?: Tab;
}

function open(asked: ApprovalFacts, answers: () => Response, more: More = {}) {
  const running = {
    ...task,
    status: "waiting_for_input",
    outcome: null,
    ended_at: null,
    limit_usd: null,
    ...more.task,
  };
  const events = more.events ?? [];
  server.use(
    http.get("*/tasks/:ref", () => HttpResponse.json(running)),
    http.get("*/events", () => HttpResponse.json({ as_of_seq: 1, events, next_after: 1 })),
    http.get("*/approvals", () => HttpResponse.json({ as_of_seq: 1, approvals: [asked] })),
    http.get("*/approvals/:id", () => answers()),
  );
  const page = () => (
    <TaskPage taskId={task.task_id} place={{ tab: more.tab ?? "timeline" }} onPlace={() => {}} />
  );
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}

test("a question that does not load says so in place of its bar, and can be tried again", async () => {
  let broken = true;
  open(question, () =>
    broken ? HttpResponse.json({ detail: "x" }, { status: 500 }) : whole(question),
  );
  expect((await screen.findByRole("alert")).textContent).toContain("Couldn’t load the question.");
  broken = false;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("region", { name: "Decision" })).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("decided elsewhere, the page tells by whom, and offers nothing", async () => {
  const decision = { decision: "approve", by: "dana", channel: "telegram", text: "" } as const;
  const asked = {
    ...question,
    state: "approved",
    decision: { ...decision, amount_usd: null },
  } as const;
  open(asked, () => whole(asked));
  expect(await screen.findByText(/Approved by dana in telegram/)).toBeTruthy();
  expect(screen.queryByRole("region", { name: "Decision" })).toBeNull();
});

test("one line says which step it is, and since when", async () => {
  const step = { ms: null, runs: 1 } as const;
  const started = new Date(Date.now() - 720_000).toISOString();
  open(question, () => whole(question), {
    task: {
      pipeline: [
        { ...step, node: "triage", stage: 0, state: "finished" },
        { ...step, node: "diagnose", stage: 1, state: "finished" },
        { ...step, node: "reproduce", stage: 1, state: "finished" },
        { ...step, node: "escalate", stage: 3, state: "pending" },
        { ...step, node: "approve", stage: 4, state: "interrupted", runs: 2 },
        { ...step, node: "publish", stage: 5, state: "pending" },
      ],
    },
    events: [{ seq: 1, ts: started, type: "node", data: { node: "approve", state: "started" } }],
  });
  const line = await screen.findByText(/^Step 3 of 4/, { exact: false, selector: ".state-line" });
  expect(line.textContent).toBe("◉ Step 3 of 4 · Approve, attempt 2 · 12 min waiting");
});

test("a cause leads to its line, and a budget that is nearly spent says so", async () => {
  const claim = { path: "a.py", line: 7, quote: "x", verified: true, code: [], code_from: 0 };
  open(question, () => whole(question), {
    task: {
      diagnosis: { root_cause: "It adds one.", claims: [claim] } as unknown as Task["diagnosis"],
      total_cost_usd: 0.93,
      limit_usd: 1,
    },
  });
  const link = await screen.findByRole("link", { name: "a.py:7" });
  expect(link.getAttribute("href")).toContain("tab=diagnosis&file=a.py&line=7");
  expect(screen.getByText(/of \$1\.00, 93 % spent/)).toBeTruthy();
});

test("the review of exactly this patch stands with its diff", async () => {
  const asked = { ...question, patch_hash: "ab12" };
  const review = (seq: number, hash: string, verdict: string, issues: object[]) => ({
    ...{ seq, ts: "2026-01-01T00:00:00Z", type: "review" },
    data: { patch_hash: hash, verdict, scores: { correctness: 9 }, issues },
  });
  const issue = { severity: "warning", path: "a.py", line: 3, message: "`x` is odd" };
  open(asked, () => whole(asked), {
    events: [review(1, "ab12", "APPROVE", [issue]), review(2, "cd34", "REQUEST_CHANGES", [])],
    tab: "diff",
  });
  const said = await screen.findByRole("region", { name: "Review" });
  expect(said.textContent).toContain("Review: Approve correctness 9 · 1 issue");
  expect(said.textContent).toContain("a.py:3 warning x is odd");
});
