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
import type { Schemas } from "@/lib/api";
import { IdentityPage } from "./identity-page";

type Identity = Schemas["IdentityView"];

const rule = (text: string, more: Partial<Schemas["RuleView"]> = {}): Schemas["RuleView"] => ({
  text,
  pinned: false,
  correction: false,
  use_count: 0,
  success_count: 0,
  confidence: 0.5,
  withheld_count: 0,
  withheld_success_count: 0,
  success_low: 0,
  success_high: 1,
  weak: false,
  effect: null,
  learned_at: null,
  learned_by: "",
  learned_from: [],
  ...more,
});

const identity = (version: number, rules: Identity["rules"]): Identity => ({
  as_of_seq: 1,
  role: "fix",
  version,
  rules,
  expertise: [],
  past_mistakes: [],
  code_style: "",
  beliefs: {},
  model: "sonnet",
  fallbacks: ["haiku"],
  tasks: 118,
  success_rate: 0.84,
  cost_usd: 14.2,
  away_since: null,
  changes_waiting: 0,
});

const SET = rule("Always set flags.", {
  use_count: 31,
  success_count: 31,
  success_low: 0.89,
  withheld_count: 12,
  withheld_success_count: 8,
  effect: 0.33,
});
const WEAK = rule("Prefer one line\u202e.", { use_count: 12, success_count: 6, weak: true });

const server = setupServer();
let stands = identity(12, [SET, WEAK]);

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

async function show(mayChange = true) {
  const version = (number: number, reason: string) => ({
    ...identity(number, []),
    saved_at: "2026-01-01T00:00:00Z",
    saved_by: "reflection",
    reason,
  });
  const versions = [version(12, "weak: 6 of 12"), version(11, "added")];
  const standing = { use_count: 12, success_count: 6, pinned: false };
  server.use(
    http.get("*/identities/fix", () => HttpResponse.json(stands)),
    http.get("*/identities/fix/versions", () => HttpResponse.json({ versions })),
    http.get("*/identities/fix/difference", ({ request }) => {
      const asked = new URL(request.url).searchParams;
      return HttpResponse.json({
        as_of_seq: 1,
        role: "fix",
        version: Number(asked.get("version")),
        against: Number(asked.get("against")),
        added: [{ text: "New rule", after: { ...standing, use_count: 0 } }],
        changed: [
          {
            text: "Kept",
            before: standing,
            after: { use_count: 31, success_count: 25, pinned: true },
          },
        ],
        removed: [{ text: "Old rule", before: standing, reason: "weak: 6 of 12 tasks" }],
        beside: ["code_style"],
      });
    }),
    http.get("*/tasks", () => HttpResponse.json({ tasks: [], next_cursor: null })),
  );
  const root = createRootRoute({
    component: () => (
      <IdentityPage
        role={stands.role}
        view={{ tab: "identity" }}
        mayChange={mayChange}
        onView={() => undefined}
      />
    ),
  });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole("heading", { name: "fix" });
  return queries;
}

const click = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));

test("a rule tells its counts, interval, hold-out and weakness, and what hides in it", async () => {
  await show();
  const rules = screen.getByRole("region", { name: "Rules" });
  const [set, weak] = within(rules).getAllByRole("listitem");
  expect(set?.textContent).toContain("31 of 31 · 100 % (89–100)");
  expect(set?.textContent).toContain("8 of 12");
  expect(set?.textContent).toContain("+33 points");
  expect(weak?.textContent).toContain("Prefer one lineRLO.");
  expect(weak?.textContent).toContain("Weak");
  expect(weak?.textContent).toContain("not enough data");
});

test("two versions: what came, what changed by which counts, what went and why", async () => {
  await show();
  const found = await screen.findByRole("list", { name: "v12 against v11" });
  const lines = within(found).getAllByRole("listitem");
  expect(lines.map((line) => line.textContent)).toEqual([
    "+Added: New rulenot used yet",
    "~Changed: Kept6 of 12 → 25 of 31, pinned",
    "−Removed: Old ruleweak: 6 of 12 tasks",
    "~Changed: Code stylebeside the rules",
  ]);
});

test("rolling back says what it creates, and a stale one what stands by now", async () => {
  const queries = await show();
  const sent: unknown[] = [];
  server.use(
    http.post("*/identities/fix/rollback", async ({ request }) => {
      sent.push(await request.json());
      const detail = "Version 13 stands by now, not 12: look at it first.";
      return HttpResponse.json({ type: "urn:anton:conflict", detail }, { status: 409 });
    }),
  );
  await screen.findByRole("list", { name: "v12 against v11" });
  click("Roll back to v11…");
  const dialog = screen.getByRole("dialog", { name: "Roll fix back to v11?" });
  expect(dialog.textContent).toContain(
    "Creates v13 with the rules of v11. v12 stays in the history.",
  );
  expect(document.activeElement?.textContent).toBe("Not yet");
  stands = identity(13, [SET]);
  click("Roll back to v11");
  expect((await screen.findByRole("alert")).textContent).toContain("Version 13 stands by now");
  expect(sent).toEqual([{ version: 11, seen: 12 }]);
  fireEvent.click(await screen.findByRole("button", { name: "Look again, from v13" }));
  expect(dialog.textContent).toContain("Creates v14");
  stands = identity(12, [SET, WEAK]);
  queries.clear();
});

test("an edited rule is sent with all others and the version that was seen", async () => {
  await show();
  const sent: unknown[] = [];
  server.use(
    http.put("*/identities/fix/rules", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(identity(13, [SET]));
    }),
  );
  click("Edit… Always set flags.");
  const box = screen.getByLabelText("The rule, in one sentence");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Save the rule" }).disabled).toBe(
    true,
  );
  fireEvent.change(box, { target: { value: " Set flags, never toggle. " } });
  click("Save the rule");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent).toEqual([
    {
      version: 12,
      rules: [
        { text: "Set flags, never toggle.", pinned: false, correction: true },
        { text: WEAK.text, pinned: false, correction: false },
      ],
    },
  ]);
});

test("a refused rule keeps its words, and offline nothing is lost", async () => {
  await show();
  server.use(http.put("*/identities/fix/rules", () => HttpResponse.error()));
  click("Add a rule…");
  const box = screen.getByLabelText<HTMLTextAreaElement>("The rule, in one sentence");
  fireEvent.change(box, { target: { value: "Ask first." } });
  click("Save the rule");
  expect((await screen.findByRole("alert")).textContent).toContain("Your words are kept.");
  expect(box.value).toBe("Ask first.");
});

test("a copy says since when its store is away, and what waits to go there", async () => {
  stands = { ...stands, away_since: "2026-01-01T00:00:00Z", changes_waiting: 2 };
  await show();
  expect(screen.getByText(/^Their store is away/).textContent).toContain("2 changes wait");
  stands = identity(12, [SET, WEAK]);
});

test("who may only read is offered nothing that changes", async () => {
  await show(false);
  await screen.findByRole("list", { name: "v12 against v11" });
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByText(/needs a key with scope operate/)).toBeTruthy();
});
