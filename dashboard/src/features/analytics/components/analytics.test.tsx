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
import { useState } from "react";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Stats } from "../api/use-stats";
import { Analytics, type Time } from "./analytics";
import type { Way } from "./cost-cards";

const none = { p50_s: null, p95_s: null };
const spent = { calls: 3, tokens_in: 100, tokens_out: 10, cost_usd: 0.75, unpriced_calls: 1 };
const day = "2026-03-01";
const stats: Stats = {
  as_of_seq: 1,
  since: `${day}T00:00:00Z`,
  until: "2026-03-02T00:00:00Z",
  tasks: { total: 4, ended: 3, by_status: { completed: 3 } },
  outcomes: { fixed: 2, noise: 1 },
  outcomes_by_model: [
    { model: "ollama_chat/qwen3", outcome: "fixed", tasks: 2 },
    { model: "sonnet", outcome: "noise", tasks: 1 },
  ],
  success_rate: 0.6667,
  false_positives: 1,
  triage: { real: 3, false_positives: 1, false_positive_rate: 0.3333, missed: 2, corrected: 0 },
  sent_back: { decided: 24, sent_back: 3, share: 0.125 },
  cost: {
    total_usd: 0.75,
    unpriced_calls: 14,
    unpriced_models: { "ollama_chat/qwen3": 12, odd: 2 },
    by_role: [{ role: "fix", ...spent }],
    by_model: [{ model: "sonnet", ...spent }],
    by_repo: [
      { repo: "/srv/acme/todos", ...spent },
      { repo: "", ...spent },
    ],
    by_day: [{ day, ...spent }],
    daily_by_role: [{ day, name: "fix", cost_usd: 0.75, unpriced_calls: 1 }],
    daily_by_model: [{ day, name: "sonnet", cost_usd: 0.75, unpriced_calls: 1 }],
    daily_by_repo: [{ day, name: "/srv/acme/todos", cost_usd: 0.75, unpriced_calls: 1 }],
    fix: { fixed: 2, mean_usd: 0.3812, with_others_usd: 0.5, unpriced_tasks: 1 },
  },
  roles: [],
  latency: [{ role: "fix", model: "sonnet", calls: 9, p50_ms: 900, p95_ms: 4100, p99_ms: 5000 }],
  time_to_pr: {
    tasks: 3,
    reached: 2,
    share: 0.6667,
    time_to_pr: { p50_s: 540, p95_s: 2460 },
    split: {
      model: { p50_s: 246, p95_s: 300 },
      tool: { p50_s: 60, p95_s: 90 },
      queue: none,
      human: { p50_s: 294, p95_s: 2000 },
      other: none,
    },
    outcomes: { fixed: 2 },
    slowest: [{ task_id: "7c1e90ab-0000", pr_s: 2460, human_s: 2000 }],
  },
};

const server = setupServer();
let asked: URLSearchParams[] = [];

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  asked = [];
  answering(stats);
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

function answering(told: Stats) {
  server.use(
    http.get("*/stats", ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(told);
    }),
  );
}

function Held() {
  const [time, setTime] = useState<Time>({ from: day, to: day });
  const [by, setBy] = useState<Way>("role");
  return <Analytics time={time} by={by} onTime={setTime} onBy={setBy} />;
}

async function show() {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createRouter({
    routeTree: createRootRoute({ component: Held }),
    history: createMemoryHistory(),
  });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole("heading", { name: "Analytics" });
}

const card = async (question: string) => {
  const heading = await screen.findByRole("heading", { name: question });
  return heading.closest("section") as HTMLElement;
};
const cells = (table: HTMLElement) =>
  within(table)
    .getAllByRole("row")
    .map((row) => [...row.children].map((cell) => cell.textContent));

test("each question has its answer, and what nobody knows the price of is no zero", async () => {
  await show();
  expect((await card("How long does it take to a pull request?")).textContent).toContain(
    "9 min half of them · 41 min 19 of 20",
  );
  expect((await card("What does a fix cost?")).textContent).toContain("$0.3812");
  expect((await card("What does a fix cost?")).textContent).toContain(
    "1 task left out: a price is unknown.",
  );
  expect((await card("What was spent, and on what?")).textContent).toContain(
    "Unknown prices: 14 calls to ollama_chat/qwen3, odd, not counted as 0.",
  );
  expect((await card("How often do people send a fix back?")).textContent).toContain("3 of 24");
  expect((await card("How often was an alarm false?")).textContent).toContain("1 of 3");
});

test("every chart has its table, with a way to what is behind a number", async () => {
  await show();
  const pace = await card("How long does it take to a pull request?");
  expect(cells(within(pace).getByRole("table", { hidden: true }))[1]).toEqual([
    "All",
    "9 min",
    "41 min",
  ]);
  expect(within(pace).getByRole("link").getAttribute("href")).toBe("/tasks/7c1e90ab-0000");
  const outcomes = await card("How do tasks end, by model?");
  expect(cells(within(outcomes).getByRole("table", { hidden: true }))).toContainEqual([
    "sonnet",
    "Noise",
    "1",
  ]);
  const noise = within(outcomes).getByRole("link", { name: "Noise 1" }).getAttribute("href");
  expect(noise).toContain("/board");
  expect(noise).toContain("outcome=noise");
});

test("cost is told by role, model, repository and day", async () => {
  await show();
  const spending = await card("What was spent, and on what?");
  const rows = () => cells(within(spending).getByRole("table", { hidden: true })).slice(1);
  const figures = ["$0.7500 and unknown", "3", "100", "10", "1"];
  expect(rows()).toEqual([["fix", ...figures]]);
  fireEvent.click(within(spending).getByRole("button", { name: "Model" }));
  expect(rows()).toEqual([["sonnet", ...figures]]);
  fireEvent.click(within(spending).getByRole("button", { name: "Repo" }));
  expect(rows()).toEqual([
    ["todos", ...figures],
    ["no task", ...figures],
  ]);
  fireEvent.click(within(spending).getByRole("button", { name: "Day" }));
  expect(rows()).toEqual([[day, ...figures]]);
});

test("the last day belongs to the time that is asked for", async () => {
  await show();
  await card("What does a fix cost?");
  fireEvent.change(screen.getByLabelText("First day"), { target: { value: "2026-02-01" } });
  await waitFor(() => expect(asked).toHaveLength(2));
  expect(asked.map((one) => [one.get("since"), one.get("until")])).toEqual([
    ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"],
    ["2026-02-01T00:00:00Z", "2026-03-02T00:00:00Z"],
  ]);
});

test("a time in which nothing happened says so", async () => {
  answering({
    ...stats,
    tasks: { total: 0, ended: 0, by_status: {} },
    cost: { ...stats.cost, by_day: [] },
  });
  await show();
  expect(await screen.findByText("Nothing happened in this time.")).toBeTruthy();
});

test("figures that cannot be had are told, with a way to try again", async () => {
  server.use(
    http.get("*/stats", () =>
      HttpResponse.json({ type: "urn:anton:invalid", detail: "No." }, { status: 422 }),
    ),
  );
  await show();
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Couldn’t load figures.");
});
