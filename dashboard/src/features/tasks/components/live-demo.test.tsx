import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { show } from "@/testing/page";
import { task } from "@/testing/samples";
import type { Demo } from "../api/demo";
import { LiveDemo } from "./live-demo";

const ID = task.task_id;
const HOST = "demo-0123456789abcdef.localhost:41501";
const demo: Demo = {
  approval_id: "a1",
  patch_hash: "ab12",
  state: "live",
  url: `http://${HOST}/docs`,
  reason: null,
  can_start: true,
  changed_at: "2026-01-01T00:00:00Z",
  ends_at: "2026-01-01T00:30:00Z",
};
const server = setupServer();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

function demoOf(more: Partial<Demo> = {}) {
  show(<LiveDemo taskId={ID} demo={{ ...demo, ...more }} />);
}

test("a live demo is a link with its host, apart from this page", () => {
  demoOf();
  const link = screen.getByRole("link", { name: HOST });
  expect(link.getAttribute("href")).toBe(`http://${HOST}/docs`);
  expect(link.getAttribute("rel")).toContain("noopener");
  expect(screen.getByText(/ends at/).textContent).toContain("Anton’s machine alone");
});

test("what is no address of the web is no link", () => {
  demoOf({ url: "javascript:alert(1)" });
  expect(screen.queryByRole("link")).toBeNull();
});

test.each([
  ["starting", { url: null, can_start: false }, "is being started"],
  ["ended", { url: null, reason: "the server stopped" }, "is not running: the server stopped"],
  ["unavailable", { url: null, reason: "no app" }, "not available: no app"],
  ["offered", { url: null }, "public address"],
] as const)("%s is told in words", (state, more, said) => {
  demoOf({ ...more, state });
  expect(screen.getByRole("status").textContent).toContain(said);
});

test("what an app said stays text", () => {
  demoOf({ state: "unavailable", url: null, reason: "<img src=x>\u202egnp" });
  expect(document.querySelector("img")).toBeNull();
  expect(screen.getByRole("status").textContent).toContain("<img src=x>");
});

test("who may not ask for it has no button", () => {
  demoOf({ can_start: false });
  expect(screen.queryByRole("button")).toBeNull();
});

test("it is started once, however often the button is hit, and the task is asked for again", async () => {
  let asked = 0;
  server.use(
    http.post(`*/tasks/${ID}/demo`, async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return HttpResponse.json({ as_of_seq: 1, ...demo, state: "wanted" }, { status: 202 });
    }),
  );
  demoOf({ state: "ended", url: null, reason: "over" });
  const button = screen.getByRole("button", { name: "Restart demo" });
  fireEvent.click(button);
  await waitFor(() => expect(button).toHaveProperty("disabled", true));
  fireEvent.click(button);
  await waitFor(() => expect(button).toHaveProperty("disabled", false));
  expect(asked).toBe(1);
});

test("a refusal is told", async () => {
  const detail = "No release of this task waits.";
  server.use(
    http.post(`*/tasks/${ID}/demo`, () =>
      HttpResponse.json({ type: "urn:anton:nothing_waits", detail }, { status: 409 }),
    ),
  );
  demoOf();
  fireEvent.click(screen.getByRole("button"));
  expect((await screen.findByRole("alert")).textContent).toContain(detail);
});
