import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { turn } from "@/lib/notices";
import { asking } from "@/testing/samples";
import type { Waiting } from "./use-inbox";
import { noticeOf, useNotices } from "./use-notices";

/** A desktop: what it shows, and what its browser allows. */
class Desktop {
  static permission: NotificationPermission = "default";
  static shown: Desktop[] = [];
  static requestPermission = async () => (Desktop.permission = "granted");
  onclick: (() => void) | null = null;
  constructor(
    readonly title: string,
    readonly options: NotificationOptions,
  ) {
    Desktop.shown.push(this);
  }
  close() {
    Desktop.shown = Desktop.shown.filter((one) => one !== this);
  }
}

const server = setupServer();
const opened: (string | null)[] = [];
let waiting: Waiting[] = [];
let queries = new QueryClient();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(async () => {
  vi.stubGlobal("Notification", Desktop);
  vi.stubGlobal("isSecureContext", true);
  Desktop.permission = "default";
  Desktop.shown = [];
  localStorage.clear();
  opened.length = 0;
  waiting = [asking("a")];
  server.use(http.get("*/inbox", () => HttpResponse.json({ as_of_seq: 1, waiting })));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  server.resetHandlers();
});
afterAll(() => server.close());

function Page() {
  useNotices((task) => opened.push(task));
  return null;
}

async function page(hidden = true) {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  queries = new QueryClient();
  render(
    <QueryClientProvider client={queries}>
      <Page />
    </QueryClientProvider>,
  );
  await waitFor(() => expect(queries.getQueryData(["approvals", "pending"])).toBeTruthy());
}

/** These wait now, and whatever follows from that has been done. */
async function now(items: Waiting[]) {
  waiting = items;
  await act(() => queries.invalidateQueries());
  await act(() => new Promise((done) => setTimeout(done, 10)));
}
const titles = () => Desktop.shown.map(({ title }) => title);

test("what comes while nobody looks is told once, and goes when somebody answered", async () => {
  await turn(true);
  await page();
  expect(titles()).toEqual([]);
  await now([asking("a"), asking("b")]);
  expect(titles()).toEqual(["A fix waits for your consent"]);
  await now([asking("a"), asking("b")]);
  expect(titles()).toHaveLength(1);
  await now([asking("a")]);
  expect(titles()).toEqual([]);
});

test("a click leads to its task", async () => {
  await turn(true);
  await page();
  await now([asking("a"), asking("b")]);
  act(() => Desktop.shown[0]?.onclick?.());
  expect([opened, titles()]).toEqual([["task-b"], []]);
});

test("many at once are one notice, which leads to the inbox", async () => {
  await turn(true);
  await page();
  await now(["a", "b", "c", "d", "e"].map((id) => asking(id)));
  expect(titles()).toEqual(["4 tasks ask you"]);
  act(() => Desktop.shown[0]?.onclick?.());
  expect(opened).toEqual([null]);
});

test.each([
  ["the page is in sight", async () => void (await turn(true)), false, true],
  ["nobody wants them", async () => void (await turn(false)), true, true],
  ["the question is for others", async () => void (await turn(true)), true, false],
])("nothing is shown where %s", async (_, before, hidden, yours) => {
  await before();
  await page(hidden);
  await now([asking("a"), { ...asking("b"), yours }]);
  expect(titles()).toEqual([]);
});

test("words of strangers do not reach the desktop", () => {
  const hostile = asking("a", {
    title: "Your bank: confirm at evil.example",
    ticket: "BUG-1\u202e gnp.exe",
    repo: "/srv/acme/todo",
    severity: "P1",
  });
  hostile.approval.title = "Release: click here";
  expect(noticeOf(hostile)).toEqual({
    title: "A fix waits for your consent",
    body: "P1 · todo",
    tag: "anton-a",
  });
});
