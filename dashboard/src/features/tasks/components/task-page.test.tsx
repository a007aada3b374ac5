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
import type { ApprovalFacts } from "@/lib/api";
import { question, task } from "@/testing/samples";
import { TaskPage } from "./task-page";

const server = setupServer();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

const whole = (asked: ApprovalFacts) => HttpResponse.json({ ...asked, as_of_seq: 1, diff: "" });

function open(asked: ApprovalFacts, answers: () => Response) {
  const running = {
    ...task,
    status: "waiting_for_input",
    outcome: null,
    ended_at: null,
    limit_usd: null,
  };
  server.use(
    http.get("*/tasks/:ref", () => HttpResponse.json(running)),
    http.get("*/events", () => HttpResponse.json({ as_of_seq: 1, events: [], next_after: 1 })),
    http.get("*/approvals", () => HttpResponse.json({ as_of_seq: 1, approvals: [asked] })),
    http.get("*/approvals/:id", () => answers()),
  );
  const page = () => (
    <TaskPage taskId={task.task_id} place={{ tab: "timeline" }} onPlace={() => {}} />
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
