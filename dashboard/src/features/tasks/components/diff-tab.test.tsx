import { cleanup, fireEvent, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ApprovalFacts } from "@/lib/api";
import { show } from "@/testing/page";
import { question, task } from "@/testing/samples";
import type { LineComment } from "../api/decide";
import type { Place } from "../api/place";
import { questionNow } from "../api/use-revisions";
import { DiffTab } from "./diff-tab";

const server = setupServer();
const places: Place[] = [];
const told: LineComment[][] = [];

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  places.length = told.length = 0;
  sessionStorage.clear();
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

const diffOf = (...paths: string[]) =>
  paths
    .map(
      (path) =>
        `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n` +
        "@@ -1,2 +1,2 @@\n def total(items):\n-    return sum(items) + 1\n+    return sum(items)\n" +
        "@@ -9,2 +9,2 @@\n keep\n-old\n+new\n",
    )
    .join("");

const revision = (number: number, state: ApprovalFacts["state"]): ApprovalFacts => ({
  ...question,
  approval_id: `a${number}`,
  revision: number,
  state,
  patch_hash: `${number}`.repeat(64),
  created_at: `2026-01-0${number}T00:00:00Z`,
});
const asked = [revision(1, "changes_requested"), revision(2, "pending")];

const changes = { as_of_seq: 1, revision: 2, since: 1, same_base: true };

function open(place: Place, diff: string | null = diffOf("app.py"), since: object = {}) {
  const forgotten = diff === null;
  server.use(
    http.get("*/approvals/:id", ({ params }) =>
      HttpResponse.json({ ...asked.find((one) => one.approval_id === params.id), diff, forgotten }),
    ),
    http.get("*/approvals/a2/changes", () =>
      HttpResponse.json({ ...changes, diff: diffOf("since-one.py"), ...since }),
    ),
  );
  show(
    <DiffTab
      task={task}
      asked={asked}
      now={questionNow(asked)}
      place={place}
      onPlace={(one) => places.push(one)}
      comments={[]}
      onComments={(comments) => told.push([...comments])}
    />,
  );
}

const press = (key: string) =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key, bubbles: true });
const file = (name: string) => screen.findByRole("region", { name });

test("the newest revision is shown whole, and others can be chosen", async () => {
  open({});
  await file("app.py");
  fireEvent.change(screen.getByLabelText("Compared with"), { target: { value: "1" } });
  expect(places.at(-1)).toEqual({ vs: 1 });
  fireEvent.change(screen.getByLabelText("Revision"), { target: { value: "1" } });
  expect(places.at(-1)).toEqual({ rev: 1 });
});

test("changes since a revision come from the server, by address", async () => {
  open({ rev: 2, vs: 1 });
  await file("since-one.py");
  expect(screen.queryByRole("region", { name: "app.py" })).toBeNull();
});

test("a patch that is no longer kept is told as that, with its hash", async () => {
  open({}, null);
  expect(await screen.findByText("This patch is no longer kept.")).toBeTruthy();
  expect(screen.getByText("2".repeat(12))).toBeTruthy();
});

test("an earlier revision takes no comments", async () => {
  open({ rev: 1 });
  await file("app.py");
  expect(screen.getByText(/earlier revision; it cannot be approved/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Comment on line/ })).toBeNull();
});

test("keys walk the places of the patch, view files, and comment", async () => {
  open({}, diffOf("app.py", "b.py"));
  await file("b.py");
  press("n");
  expect(document.activeElement?.textContent).toBe("@@ -1,2 +1,2 @@");
  press("n");
  press("n");
  expect(document.activeElement?.closest("[data-file]")?.getAttribute("data-file")).toBe("b.py");
  press("p");
  expect(document.activeElement?.textContent).toBe("@@ -9,2 +9,2 @@");
  press("j");
  expect(document.activeElement?.textContent).toBe("10");
  press("c");
  fireEvent.change(screen.getByLabelText("Comment on app.py, line 10"), {
    target: { value: "Why?" },
  });
  fireEvent.click(screen.getByRole("button", { name: "Keep comment" }));
  expect(told).toEqual([[{ path: "app.py", line: 10, text: "Why?" }]]);
  (document.activeElement as HTMLElement | null)?.blur();
  press("v");
  expect(screen.getByText("2 files, 1 viewed")).toBeTruthy();
  expect(screen.getAllByRole<HTMLInputElement>("checkbox")[0]?.checked).toBe(true);
});

test("single keys can be switched off", async () => {
  localStorage.setItem("single-keys", "off");
  open({});
  await file("app.py");
  press("n");
  expect(document.activeElement).toBe(document.body);
  localStorage.removeItem("single-keys");
});

test("the line that the address names is marked", async () => {
  open({ file: "app.py", line: 10 });
  const region = await file("app.py");
  expect(region.querySelector("tr.linked")?.textContent).toContain("new");
});

test("a very long file waits until it is wanted, and then comes in pieces", async () => {
  const lines = Array.from({ length: 5_000 }, (_, at) => `+value_${at} = ${at}`).join("\n");
  open({}, `diff --git a/big.py b/big.py\nnew file mode 100644\n@@ -0,0 +1,5000 @@\n${lines}\n`);
  await file("big.py");
  expect(screen.getByText(/5,000 lines/)).toBeTruthy();
  expect(screen.queryByText(/value_0/)).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Show anyway" }));
  expect(screen.getByText("value_0 = 0")).toBeTruthy();
}, 30_000);

test("two revisions on different bases are not compared", async () => {
  open({ vs: 1 }, undefined, { same_base: false, diff: null });
  expect(await screen.findByText("The two revisions have different bases.")).toBeTruthy();
});
