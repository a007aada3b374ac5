import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Task } from "@/lib/api";
import { show } from "@/testing/page";
import { approval, task } from "@/testing/samples";
import { casesOf, type Proof } from "../api/facts";
import { CaseTable } from "./case-table";
import { Confidence, told } from "./confidence";
import { DocumentsTab } from "./documents-tab";
import { Ending } from "./ending";
import { FilesTab } from "./files-tab";
import { Pipeline } from "./pipeline";
import { RunLog } from "./run-log";
import { TaskActions } from "./task-actions";
import { TestsTab } from "./tests-tab";

const server = setupServer();
const running: Task = { ...task, status: "waiting_for_input", outcome: null, ended_at: null };

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => sessionStorage.clear());
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

const click = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("cancelling names the task, and happens at the second step alone", async () => {
  let cancelled = 0;
  server.use(
    http.delete("*/tasks/:ref", () => {
      cancelled += 1;
      return HttpResponse.json({ as_of_seq: 1 });
    }),
  );
  show(<TaskActions task={running} approval={null} />);
  click("Cancel…");
  expect(screen.getByRole("dialog", { name: "Cancel BUG-140?" })).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Let it go on" }));
  expect(cancelled).toBe(0);
  click("Cancel BUG-140");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(cancelled).toBe(1);
});

test("a reply shows what was understood, and words that did not go are kept", async () => {
  server.use(http.post("*/tasks/:ref/reply", () => HttpResponse.error()));
  show(<TaskActions task={running} approval={approval} />);
  click("Reply…");
  fireEvent.change(screen.getByLabelText("Your words"), { target: { value: "Use set." } });
  click("Send reply");
  expect((await screen.findByRole("alert")).textContent).toContain("Not sent.");
  server.use(
    http.post("*/tasks/:ref/reply", () =>
      HttpResponse.json({
        as_of_seq: 1,
        understood: "Request changes: Use set.",
        approval_id: "a1",
        state: "changes_requested",
      }),
    ),
  );
  click("Send again");
  expect(await screen.findByText("Request changes: Use set.")).toBeTruthy();
});

test("what a key may not do is disabled, with the reason", () => {
  const queries = new QueryClient();
  queries.setQueryData(["session"], { scopes: ["read"] });
  render(
    <QueryClientProvider client={queries}>
      <TaskActions task={running} approval={approval} />
    </QueryClientProvider>,
  );
  for (const name of ["Reply…", "Cancel…"])
    expect(screen.getByRole<HTMLButtonElement>("button", { name }).disabled).toBe(true);
  expect(screen.getByText(/Cancelling needs a key with scope operate/)).toBeTruthy();
});

test("no fix is a result that bears its name, with what was tried and what comes next", () => {
  const stopped = {
    at: "diagnose",
    evidence: ["triage: real, P2"],
    hypothesis: null,
    partial_patch: null,
    next_step: "Look into the named cause outside of the code.",
  };
  const ended: Task = {
    ...task,
    outcome: "not_a_code_fault",
    reason: "The limit is 10 by configuration.",
    diagnosis: { category: "config", claims: [], suspects: [], searched: false },
    candidates: { tried: 4, by_models: 0, plausible: 0 },
    stopped,
  };
  show(<Ending task={ended} />);
  expect(screen.getByText("Not a code fault. The cause is in configuration.")).toBeTruthy();
  expect(screen.getByText("4 candidates")).toBeTruthy();
  expect(screen.getByText(stopped.next_step)).toBeTruthy();
});

test("the regression test leads, then comes what changed, then what is red", () => {
  const run = (outcomes: Record<string, string>) => ({
    cases: Object.entries(outcomes).map(([test_id, outcome]) => ({ test_id, outcome })),
  });
  const proof = {
    regression_tests: ["t::z"],
    base: run({ "t::a": "passed", "t::b": "failed", "t::c": "failed", "t::z": "failed" }),
    fixed: run({ "t::a": "passed", "t::b": "failed", "t::c": "passed", "t::z": "passed" }),
  } as unknown as Proof;
  const cases = casesOf(proof);
  expect(cases.map((one) => one.id)).toEqual(["t::z", "t::c", "t::b", "t::a"]);
  show(<CaseTable cases={cases} />);
  const [, first] = screen.getAllByRole("row");
  expect(first?.textContent).toContain("Regression test");
  expect(first?.textContent).toContain("✗ Failed");
  expect(first?.textContent).toContain("✓ Passed");
});

test("a long log shows its end, and all of it on demand", () => {
  const text = Array.from({ length: 500 }, (_, at) => `line ${at}`).join("\n");
  show(<RunLog text={text} name="after.log" />);
  expect(screen.getByText("Log, 500 lines")).toBeTruthy();
  expect(screen.queryByText(/line 10\n/)).toBeNull();
  click("Show 300 lines before");
  expect(document.querySelector("pre")?.textContent).toBe(text);
});

test("a confidence tells its history on demand, or that there is not enough", async () => {
  const history = { as_of_seq: 1, task_id: "t", confidence: 0.93, at_least: 0.9, below: null };
  let asked = 0;
  server.use(
    http.get("*/tasks/:ref/confidence", () => {
      asked += 1;
      return HttpResponse.json({ ...history, fixes: 44, accepted: 41, enough: true });
    }),
  );
  show(<Confidence task={{ ...task, confidence: 0.93 }} />);
  expect(asked).toBe(0);
  click("why?");
  expect(await screen.findByText("Of 44 fixes rated 90 % or more, 41 were accepted.")).toBeTruthy();
  expect(
    told({ ...history, at_least: 0.8, below: 0.9, fixes: 1, accepted: 1, enough: false }),
  ).toBe("Not enough history: 1 fix rated 80 % to 90 % was decided so far.");
});

const left = ["patch.json", "incident.md"].map((name) => ({
  id: `id-${name}`,
  name,
  media_type: "application/json",
}));

test("documents are offered as far as they are kept", async () => {
  server.use(
    http.get("*/tasks/:ref/artifacts", () =>
      HttpResponse.json({
        as_of_seq: 1,
        task_id: task.task_id,
        artifacts: left.map((one) => ({ ...one, kept: one.name === "patch.json" })),
      }),
    ),
  );
  show(<DocumentsTab task={{ ...task, artifacts: left }} />);
  const links = (await screen.findAllByRole("link")).map((one) => one.textContent);
  expect(links).toEqual(["Download the rest (.zip)", "patch.json"]);
  expect(screen.getByText("incident.md").textContent).toContain("No longer kept");
});

test("tests whose output is no longer kept still tell their results", async () => {
  server.use(http.get("*/tasks/:ref/evidence", () => gone()));
  const artifacts = [{ id: "id", name: "evidence.json", media_type: "application/json" }];
  show(<TestsTab task={{ ...task, artifacts, tests: { before: null, after: null } }} />);
  expect(await screen.findByText(/output are no longer kept/)).toBeTruthy();
  expect(screen.getByRole("heading", { name: "After the fix" })).toBeTruthy();
});

test("a fix that not all tests were run on names the files that were", () => {
  const evidence = {
    verdict: "regression",
    regression_tests: [],
    contested: [],
    scope: ["tests/test_cart.py", "tests/test_sum.py"],
  };
  const tests = { before: null, after: null };
  show(<TestsTab task={{ ...task, evidence, tests }} />);
  const said = screen.getByText(/not all tests were run/);
  expect(said.textContent).toContain("tests/test_cart.py, tests/test_sum.py");
});

test("files that are no longer kept are no failure", async () => {
  server.use(http.get("*/tasks/:ref/files", () => gone()));
  show(<FilesTab task={task} />);
  expect(await screen.findByText("This is no longer kept.")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("steps that are no longer kept are not taken for steps to come", () => {
  const pipeline = task.pipeline.map((step) => ({ ...step, state: "pending" as const }));
  const ended = { ...task, pipeline, started_at: task.created_at, ended_at: task.created_at };
  show(<Pipeline task={ended} />);
  expect(screen.getByText("Its steps are no longer kept.")).toBeTruthy();
});

const gone = () =>
  HttpResponse.json({ type: "urn:anton:expired", detail: "Gone." }, { status: 410 });
