import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Approval } from "@/lib/api";
import { approval as sample } from "@/testing/samples";
import type { Settled } from "../../api/decide";
import { DecisionBar } from "./decision-bar";
import { DecisionOutcome } from "./decision-outcome";

const HASH = "ab12".repeat(15) + "9f3c";
const approval: Approval = {
  ...sample,
  task_id: "t1",
  revision: 2,
  patch_hash: HASH,
  diff: "",
  forgotten: false,
};
const PATH = "*/approvals/a1/decision";
const server = setupServer();
const settled: Settled[] = [];

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());
beforeEach(() => {
  settled.length = 0;
  sessionStorage.clear();
});

function page(more: Partial<Approval>, facts = "2 files") {
  return (
    <QueryClientProvider client={new QueryClient()}>
      <DecisionBar
        approval={{ ...approval, ...more }}
        title="A fault"
        facts={facts}
        branch=""
        comments={[{ path: "a.py", line: 3, text: "why?" }]}
        onSettled={(said) => settled.push(said)}
      />
    </QueryClientProvider>
  );
}

const show = (more: Partial<Approval> = {}) => render(page(more));

const press = (key: string) => fireEvent.keyDown(document.body, { key });
const button = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>("button", { name });
const click = (name: string | RegExp) => fireEvent.click(button(name));

function answering(status: number, body: object): { bodies: Record<string, unknown>[] } {
  const seen = { bodies: [] as Record<string, unknown>[] };
  server.use(
    http.post(PATH, async ({ request }) => {
      seen.bodies.push((await request.json()) as Record<string, unknown>);
      expect(request.headers.get("x-anton")).toBe("dashboard");
      return HttpResponse.json(body, { status });
    }),
  );
  return seen;
}

test("approving takes two steps, and names revision and hash of what was seen", async () => {
  const seen = answering(200, { ...approval, state: "approved", seq: 9 });
  show();
  press("a");
  expect(screen.getByRole("dialog", { name: "Approve r2?" })).toBeTruthy();
  expect(seen.bodies).toEqual([]);
  click("Approve r2");
  await waitFor(() => expect(settled).toHaveLength(1));
  expect(settled[0]?.kind).toBe("decided");
  expect(seen.bodies[0]).toMatchObject({ decision: "approve", patch_hash: HASH, revision: 2 });
});

test("a revision that comes while the dialog stands open is not what is approved", async () => {
  const seen = answering(409, { type: "urn:anton:superseded", detail: "x", revision: 3 });
  const { rerender } = show();
  press("a");
  rerender(page({ approval_id: "a2", revision: 3, patch_hash: "c".repeat(64) }, "9 files"));
  expect(screen.getByText("2 files")).toBeTruthy();
  click("Approve r2");
  await waitFor(() => expect(settled[0]?.kind).toBe("superseded"));
  expect(seen.bodies[0]).toMatchObject({ patch_hash: HASH, revision: 2 });
});

test("nothing is said to be done before the server said so, and a second tap sends nothing", async () => {
  let release = () => {};
  let sent = 0;
  server.use(
    http.post(PATH, async () => {
      sent += 1;
      await new Promise<void>((resolve) => (release = resolve));
      return HttpResponse.json({ ...approval, state: "approved", seq: 9 });
    }),
  );
  show();
  press("a");
  click("Approve r2");
  await waitFor(() => expect(button("Sending…").disabled).toBe(true));
  click("Sending…");
  await waitFor(() => expect(sent).toBe(1));
  expect(settled).toEqual([]);
  act(() => release());
  await waitFor(() => expect(settled).toHaveLength(1));
  expect(sent).toBe(1);
});

test("the safe button has the focus, and Enter alone approves nothing", () => {
  show();
  press("a");
  expect(document.activeElement).toBe(button("Not yet"));
});

test("critical risk takes the last six characters of the hash, typed", async () => {
  const seen = answering(200, { ...approval, state: "approved", seq: 9 });
  show({ risk: "critical", proof_needed: true });
  press("a");
  expect(button("Approve r2").disabled).toBe(true);
  fireEvent.change(screen.getByLabelText(/Type the last 6/), { target: { value: "129f3c" } });
  click("Approve r2");
  await waitFor(() => expect(seen.bodies).toHaveLength(1));
  expect(seen.bodies[0]?.confirmation).toBe("129f3c");
});

test("offline: nothing is sent, the words are kept, and sending again uses the same key", async () => {
  const keys: unknown[] = [];
  server.use(
    http.post(PATH, async ({ request }) => {
      keys.push(((await request.clone().json()) as { key: string }).key);
      return HttpResponse.error();
    }),
  );
  show();
  press("r");
  fireEvent.change(screen.getByLabelText("In your words"), { target: { value: "Use set." } });
  click("Request changes r2");
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Not sent.");
  expect(settled).toEqual([]);
  const seen = answering(200, { ...approval, state: "changes_requested", seq: 9 });
  click("Send again");
  await waitFor(() => expect(settled).toHaveLength(1));
  expect(seen.bodies[0]).toMatchObject({
    text: "Use set.",
    key: keys[0],
    line_comments: [{ path: "a.py", line: 3, text: "why?" }],
  });
});

test("words outlive a closed dialog", () => {
  show({ options: ["approve", "request_changes"] });
  press("r");
  fireEvent.change(screen.getByLabelText("In your words"), { target: { value: "Half a" } });
  click("Not yet");
  press("r");
  expect(screen.getByLabelText<HTMLTextAreaElement>("In your words").value).toBe("Half a");
});

test.each([
  [
    {
      type: "urn:anton:already_decided",
      detail: "Already approved by dana in telegram.",
      by: "dana",
      channel: "telegram",
      at: null,
    },
    "Already approved by dana in telegram. Your answer was not counted.",
  ],
  [
    { type: "urn:anton:superseded", detail: "x", revision: 3 },
    "The patch has changed; here is revision 3. Your answer was not counted.",
  ],
  [
    { type: "urn:anton:expired", detail: "x" },
    "This question has expired. Your answer was not counted.",
  ],
])("a late answer hears what came before it: %o", async (problem, words) => {
  answering(409, problem);
  show();
  press("a");
  click("Approve r2");
  await waitFor(() => expect(settled).toHaveLength(1));
  cleanup();
  render(<DecisionOutcome settled={settled[0] as Settled} prUrl={null} branch={null} />);
  expect(screen.getByRole("status").textContent).toBe(words);
});

test("a key that may not decide sees why", () => {
  show({ may_decide: false });
  press("a");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(button("Approve").disabled).toBe(true);
  expect(screen.getByText(/needs a key with scope approve/)).toBeTruthy();
});

test("a question that was answered takes no more answers", () => {
  show({ state: "approved" });
  expect(screen.queryByRole("region", { name: "Decision" })).toBeNull();
});

test("a spent budget is raised by what is offered, and the limit that follows is told", async () => {
  const seen = answering(200, { ...approval, state: "answered", seq: 9 });
  show({
    kind: "budget",
    patch_hash: null,
    options: ["raise_budget", "stop"],
    details: { limit_usd: "1", raises_usd: "0.50 1.00" },
  });
  click("+$1.00");
  expect(screen.getByText("The limit is $1.00 now, and $2.00 then.")).toBeTruthy();
  click("Raise budget");
  await waitFor(() => expect(seen.bodies).toHaveLength(1));
  expect(seen.bodies[0]).toMatchObject({ decision: "raise_budget", amount_usd: 1 });
});

test("an escalation offers its ways on, and names none of them a revision", () => {
  show({
    kind: "escalation",
    title: "Three attempts failed.",
    options: ["more_attempts", "guidance", "take_over", "stop"],
  });
  for (const name of ["More attempts", "Guidance…", "Take over…", "Stop…"])
    expect(button(name)).toBeTruthy();
  click("Guidance…");
  expect(screen.getByRole("dialog", { name: "Guidance?" })).toBeTruthy();
  expect(screen.getByText("Three attempts failed.")).toBeTruthy();
});

test("a report is called noise beside its patch: bound to it, at the second step", async () => {
  const decision = { decision: "noise", by: "ann", channel: "rest", text: "", amount_usd: null };
  const seen = answering(200, { ...approval, state: "answered", decision, seq: 9 });
  show({ options: ["approve", "request_changes", "reject", "noise"] });
  click("Mark as noise…");
  expect(screen.getByRole("dialog", { name: "Mark as noise r2?" })).toBeTruthy();
  click("Mark as noise r2");
  await waitFor(() => expect(settled).toHaveLength(1));
  expect(seen.bodies[0]).toMatchObject({ decision: "noise", patch_hash: HASH, revision: 2 });
  cleanup();
  render(<DecisionOutcome settled={settled[0] as Settled} prUrl={null} branch={null} />);
  expect(screen.getByRole("status").textContent).toBe("The report is closed as noise.");
});

test("what became of an answer has the focus, as the bar that had it may be gone", () => {
  render(
    <DecisionOutcome settled={{ kind: "expired", message: "x" }} prUrl={null} branch={null} />,
  );
  expect(document.activeElement).toBe(screen.getByRole("status"));
});

test("the bar names whose word counts, and how many of them it takes", () => {
  const { rerender } = show({ deciders: ["dana", "everybody in oncall (slack)"] });
  expect(screen.getByText("Anyone of: you, dana, everybody in oncall (slack)")).toBeTruthy();
  rerender(page({ deciders: ["ann", "bob", "cy", "dana", "eve"], voices_needed: 2 }));
  expect(screen.getByText("Two of: you, ann, bob, 3 more")).toBeTruthy();
  expect(screen.getByText("0 of 2 approvals")).toBeTruthy();
  rerender(page({ deciders: ["dana"], may_decide: false }));
  expect(screen.getByText("Anyone of: dana")).toBeTruthy();
  rerender(page({}));
  expect(screen.queryByText(/ of: /)).toBeNull();
});

test("whose approval counts already approves no second time, and may still turn it down", () => {
  const decision = { decision: "approve", by: "ann", channel: "rest", text: "", amount_usd: null };
  const voices = [decision] as Approval["voices"];
  show({ voiced: true, voices, voices_needed: 2, deciders: ["dana"] });
  press("a");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(button("✓ Approved by you").disabled).toBe(true);
  expect(screen.getByText("Anyone of: dana")).toBeTruthy();
  expect(screen.getByText(/1 of 2 approvals, by ann in rest/)).toBeTruthy();
  press("r");
  expect(screen.getByRole("dialog", { name: "Request changes r2?" })).toBeTruthy();
});

test("what lacks proof or is protected is said again at the second step", () => {
  const details = { unproven: "No test proves it.", protected: ".env" };
  show({ details, body: "- Note: a small one" });
  press("a");
  const told = screen.getByRole("list", { name: "To be known before a yes" });
  expect(told.textContent).toBe("⚠ Missing proof No test proves it.⚠ Protected files .env");
});

test("whoever may not approve this change is told why before trying", () => {
  show({ barred: "Whoever asked for a task does not approve its change.", deciders: ["dana"] });
  press("a");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(button("✓ Approve").disabled).toBe(true);
  expect(screen.getByText(/does not approve its change/)).toBeTruthy();
  expect(screen.getByText("Anyone of: dana")).toBeTruthy();
});
