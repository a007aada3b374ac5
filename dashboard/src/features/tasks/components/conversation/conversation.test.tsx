import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { call, task } from "@/testing/samples";
import { show } from "@/testing/page";
import type { Call } from "../../api/use-calls";
import { ConversationTab } from "./conversation-tab";

const server = setupServer();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

const click = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));
const cards = () => [...document.querySelectorAll<HTMLElement>("article.call")];

function talk(calls: Call[], chosen?: string) {
  const page = { as_of_seq: 1, task_id: task.task_id, calls, next_cursor: "x", more: false };
  server.use(http.get("*/tasks/:ref/calls", () => HttpResponse.json(page)));
  show(<ConversationTab task={task} events={[]} chosen={chosen} onChoose={() => {}} />);
}

const many = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ ...call, id: `c${at}-1`, preview: `answer ${at}` }));

test("a card tells who asked whom, what it took, and that a price is not known", async () => {
  talk([call, { ...call, id: "c2-1", cost_usd: null }]);
  const log = await screen.findByRole("log");
  expect(log.getAttribute("aria-live")).toBe("off");
  const [first, second] = cards();
  for (const words of ["fix", "anthropic/sonnet", "Mend it.", "The + 1 is wrong.", "$0.0123"])
    expect(first?.textContent).toContain(words);
  expect(first?.textContent).toContain("1,200 in (900 cached)");
  expect(second?.textContent).toContain("unknown cost");
  expect(screen.getByText(/and 1 call of unknown price/)).toBeTruthy();
});

test("tools are folded, with what they were given", async () => {
  const wish = { call_id: "w", name: "read_file", arguments: '{"path": "app.py"}' };
  const result = { author: "tool" as const, preview: "1 def total", chars: 11, call_id: "w" };
  talk([{ ...call, calls: [wish], heard: [result] }]);
  const folded = await screen.findByText("1 tool call");
  expect(folded.closest("details")?.open).toBe(false);
  expect(screen.getByText('{"path": "app.py"}')).toBeTruthy();
  expect(screen.getByText("1 tool result")).toBeTruthy();
});

test("the whole text comes when it is asked for, and its end is said", async () => {
  talk([call]);
  server.use(
    http.get("*/tasks/:ref/calls/c1-1", () =>
      HttpResponse.json({
        ...call,
        as_of_seq: 1,
        system: "You mend.",
        messages: [{ author: "user", text: "All of the prompt.", calls: [], call_id: "" }],
        response: "All of the answer.",
      }),
    ),
  );
  await screen.findByRole("log");
  click("Show all 517 characters");
  expect(await screen.findByText("All of the prompt.")).toBeTruthy();
  expect(screen.getByText("All of the answer.")).toBeTruthy();
  cleanup();
  talk([call]);
  server.use(
    http.get("*/tasks/:ref/calls/c1-1", () =>
      HttpResponse.json({ type: "urn:anton:expired", detail: "Gone." }, { status: 410 }),
    ),
  );
  await screen.findByRole("log");
  click("Show all 517 characters");
  expect(await screen.findByText("What was said is no longer kept.")).toBeTruthy();
});

test("when all was forgotten the figures are left, and it is said", async () => {
  talk([{ ...call, forgotten: true, heard: [], preview: "" }]);
  expect(await screen.findByText(/What was said some time ago is no longer kept/)).toBeTruthy();
  expect(screen.getByText("$0.0123", { selector: ".call-figures span" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Show all/ })).toBeNull();
});

test("of a long conversation the latest are there, earlier ones on demand or by address", async () => {
  talk(many(60));
  await waitFor(() => expect(cards()).toHaveLength(40));
  fireEvent.click(screen.getByText("Show 20 earlier of 20"));
  expect(cards()).toHaveLength(60);
  cleanup();
  talk(many(60), "c5-1");
  await waitFor(() => expect(cards()).toHaveLength(57));
  const found = cards().find((one) => one.id === "call-c5-1");
  expect(found?.className).toContain("call-chosen");
}, 30_000);

test("a replay goes call by call, and back to all", async () => {
  talk(many(3));
  await screen.findByRole("log");
  click("Step forward");
  expect(cards()).toHaveLength(2);
  expect(within(cards()[1] as HTMLElement).getByText("Thinking")).toBeTruthy();
  fireEvent.change(screen.getByRole("slider"), { target: { value: "0" } });
  expect(cards()).toHaveLength(1);
  click("16×");
  click("Play");
  expect(await screen.findByText(/answer 2/, {}, { timeout: 4_000 })).toBeTruthy();
  expect(await screen.findByRole("button", { name: "Play" }, { timeout: 4_000 })).toBeTruthy();
  click("Show all");
  expect(cards()).toHaveLength(3);
});

test("a task without a model says so", async () => {
  talk([]);
  expect(await screen.findByText("No model was asked.")).toBeTruthy();
});
