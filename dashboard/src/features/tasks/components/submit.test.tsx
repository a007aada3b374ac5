import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { task } from "@/testing/samples";
import { withFile } from "./draft";
import { Submit } from "./submit";

interface Sent {
  body: Record<string, unknown>;
  key: string | null;
}

const server = setupServer();
const begun: string[] = [];

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  sessionStorage.clear();
  const board = { as_of_seq: 1, tasks: [task, { ...task, task_id: "t2" }], next_cursor: null };
  server.use(http.get("*/board", () => HttpResponse.json(board)));
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
  begun.length = 0;
});
afterAll(() => server.close());

async function show() {
  const component = () => <Submit onBegun={(task) => begun.push(task)} />;
  const history = createMemoryHistory({ initialEntries: ["/"] });
  const router = createRouter({ routeTree: createRootRoute({ component }), history });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByLabelText("What is wrong?");
}

function answering(...answers: [status: number, body: object][]): Sent[] {
  const sent: Sent[] = [];
  server.use(
    http.post("*/tasks", async ({ request }) => {
      const body = (await request.json()) as Record<string, unknown>;
      sent.push({ body, key: request.headers.get("idempotency-key") });
      const [status, answer] = answers[Math.min(sent.length, answers.length) - 1]!;
      return status ? HttpResponse.json(answer, { status }) : HttpResponse.error();
    }),
  );
  return sent;
}

const STARTED = { as_of_seq: 1, task_id: "t1", status: "queued", incident_id: "i1", joined: false };
const fill = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const textOf = (label: string) => screen.getByLabelText<HTMLTextAreaElement>(label).value;
const mod = { key: "Enter", ctrlKey: true };

test("all that was filled in is sent with mod+Enter, and joins unless told not to", async () => {
  const sent = answering([201, STARTED]);
  await show();
  fill("What is wrong?", "The total is off");
  fill("Repository", " acme/shop ");
  fill("Ticket", "BUG-7");
  fill("Tests that show the fault", "t::a, t::b");
  fill("Budget in dollars", "1.50");
  fireEvent.keyDown(screen.getByLabelText("Ticket"), mod);
  await waitFor(() => expect(begun).toEqual(["t1"]));
  expect(sent[0]?.body).toMatchObject({
    task_description: "The total is off",
    repo: "acme/shop",
    ticket: "BUG-7",
    test: ["t::a", "t::b"],
    budget_usd: 1.5,
    join: true,
    workflow: "repair",
  });
  expect(sessionStorage.getItem("draft:new") ?? "").not.toContain("The total is off");
});

test("what will happen is said from what is filled in", async () => {
  await show();
  const follows = screen.getByRole("list", { name: "What will happen" });
  expect(follows.textContent).toContain("Reads the default repository");
  fill("Repository", "/srv/work/acme/shop");
  fill("Base", "next");
  fill("Budget in dollars", "2");
  for (const said of ["Reads shop at next", "Stops and asks at $2.00", "your report joins it"])
    expect(follows.textContent).toContain(said);
  fireEvent.click(screen.getByRole("checkbox"));
  expect(follows.textContent).not.toContain("your report joins it");
});

test("a draft outlives a reload, and what cannot be is said beside its field", async () => {
  const sent = answering([201, STARTED]);
  await show();
  fill("Ticket", "what a ticket");
  fill("Budget in dollars", "a lot");
  cleanup();
  await show();
  expect(textOf("Ticket")).toBe("what a ticket");
  fireEvent.click(screen.getByRole("button", { name: "Start the repair" }));
  for (const said of ["Say what happens", "A key, such as", "An amount in dollars"])
    expect(screen.getByText(new RegExp(said))).toBeTruthy();
  expect(sent).toEqual([]);
});

test("offline the words stay, and the same report is sent again under the same key", async () => {
  const sent = answering([0, {}], [201, STARTED]);
  await show();
  fill("What is wrong?", "The total is off");
  fireEvent.click(screen.getByRole("button", { name: "Start the repair" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Not sent.");
  expect(textOf("What is wrong?")).toBe("The total is off");
  fireEvent.click(screen.getByRole("button", { name: "Send again" }));
  await waitFor(() => expect(begun).toEqual(["t1"]));
  expect(sent[0]?.key).toBe(sent[1]?.key);
});

test("a report that joined says so, and leads to its task and incident", async () => {
  answering([200, { ...STARTED, joined: true }]);
  await show();
  fill("What is wrong?", "The total is off");
  fireEvent.click(screen.getByRole("button", { name: "Start the repair" }));
  await screen.findByText("This fault is being worked on already.");
  expect(screen.getByRole("link", { name: "task t1" }).getAttribute("href")).toBe("/tasks/t1");
  expect(begun).toEqual([]);
});

test("a dismissed fault can be worked on all the same", async () => {
  const refusal = { type: "urn:anton:dismissed", detail: "It is dismissed.", incident_id: "i1" };
  const sent = answering([409, refusal], [201, STARTED]);
  await show();
  fill("What is wrong?", "The total is off");
  fireEvent.click(screen.getByRole("button", { name: "Start the repair" }));
  fireEvent.click(await screen.findByRole("button", { name: "Begin a task all the same" }));
  await waitFor(() => expect(begun).toEqual(["t1"]));
  expect(sent.map((one) => one.body.join)).toEqual([true, false]);
});

test("a log that is dropped stands behind the words", async () => {
  await show();
  fill("What is wrong?", "It broke.");
  const file = new File(["Traceback\nKeyError: 'a'\n"], "app.log");
  fireEvent.drop(screen.getByLabelText("What is wrong?"), { dataTransfer: { files: [file] } });
  await screen.findByText("Added app.log.");
  expect(textOf("What is wrong?")).toBe("It broke.\n\napp.log:\nTraceback\nKeyError: 'a'\n");
});

test("of a long log the end is kept, in whole lines; what is no text is refused", async () => {
  const long = Array.from({ length: 9_000 }, (_, at) => `line ${at}`).join("\n");
  const added = await withFile("It broke.", new File([long], "app.log"));
  expect(added.text.length).toBeLessThan(20_000);
  expect(added.text.endsWith("line 8999")).toBe(true);
  expect(added.text).toMatch(/app\.log:\nline \d+\n/);
  expect(added.said).toMatch(/^Added the last [\d,]+ lines of app\.log\.$/);
  const binary = await withFile("It broke.", new File(["\u0000\u0001"], "core"));
  expect(binary).toEqual({ text: "It broke.", said: "core is no text." });
});

test("repositories of earlier tasks are offered, each once", async () => {
  await show();
  const offered = () => [...document.querySelectorAll("#known-repos option")];
  await waitFor(() => expect(offered().map((one) => one.getAttribute("value"))).toHaveLength(1));
  expect(offered()[0]?.getAttribute("value")).toBe(task.repo);
});
