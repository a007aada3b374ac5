import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { asking, task } from "@/testing/samples";
import { Palette } from "./palette";
import { found, type Item } from "./palette-items";

const server = setupServer();
const said: string[] = [];
let history = createMemoryHistory();

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => {
  const board = { as_of_seq: 1, next_cursor: null, tasks: [{ ...task, node: "fix" }] };
  server.use(
    http.get("*/board", () => HttpResponse.json(board)),
    http.get("*/inbox", () => HttpResponse.json({ as_of_seq: 1, waiting: [asking("a")] })),
    http.get("*/identities", () => HttpResponse.json({ identities: [{ role: "fix" }] })),
    http.get("*/incidents", () =>
      HttpResponse.json({ as_of_seq: 1, incidents: [], counts: {}, next_cursor: null }),
    ),
  );
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
  said.length = 0;
});
afterAll(() => server.close());

async function show() {
  const root = createRootRoute({
    component: () => (
      <Palette onClose={() => said.push("closed")} onHelp={() => said.push("help")} />
    ),
  });
  const any = createRoute({ getParentRoute: () => root, path: "$" });
  history = createMemoryHistory({ initialEntries: ["/"] });
  const router = createRouter({ routeTree: root.addChildren([any]), history });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole("combobox");
}

const type = (value: string) =>
  fireEvent.change(screen.getByRole("combobox"), { target: { value } });
const press = (key: string) => fireEvent.keyDown(screen.getByRole("combobox"), { key });
const chosen = () => screen.getByRole("option", { selected: true }).textContent;

test("it begins with what needs somebody and the screens, and keys walk through", async () => {
  await show();
  await waitFor(() => expect(chosen()).toContain("total() is off by one"));
  press("ArrowDown");
  expect(chosen()).toBe("Inbox");
  press("ArrowUp");
  press("ArrowUp");
  expect(chosen()).toBe("Settings");
  press("Enter");
  await waitFor(() => expect(history.location.pathname).toBe("/settings"));
  expect(said).toEqual(["closed"]);
});

test("a task is found by its ticket, and by an id that the board does not show", async () => {
  await show();
  type("bug-140");
  await screen.findByRole("option", { name: /total\(\) is off by one/ });
  type("0badcafe");
  expect(chosen()).toBe("Task 0badcafe");
  press("Enter");
  await waitFor(() => expect(history.location.pathname).toBe("/tasks/0badcafe"));
});

test("where nothing fits that is said, and Enter does nothing", async () => {
  await show();
  type("zzz");
  expect(screen.getByRole("status").textContent).toBe("Nothing fits.");
  press("Enter");
  expect(said).toEqual([]);
});

test("the beginning of a label counts more than what stands within", () => {
  const item = (group: string, label: string, note = ""): Item => ({
    ...{ id: label, group, label, note },
    go: () => {},
  });
  const all = [
    item("Screens", "Board"),
    item("Tasks", "Onboarding fails"),
    item("Tasks", "The board is slow"),
    item("Tasks", "Board stays empty", "BUG-7"),
  ];
  const labels = (query: string) => found(all, query).map(({ label }) => label);
  expect(labels("board")).toEqual([
    "Board",
    "Board stays empty",
    "The board is slow",
    "Onboarding fails",
  ]);
  expect(labels("board bug-7")).toEqual(["Board stays empty"]);
});
