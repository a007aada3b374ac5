import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { useShellKeys } from "./use-shell-keys";

const said: string[] = [];

afterEach(() => {
  cleanup();
  said.length = 0;
});

function Frame() {
  useShellKeys(
    () => said.push("find"),
    () => said.push("help"),
  );
  return (
    <main>
      <h1>Here</h1>
      <Outlet />
    </main>
  );
}

async function at(...entries: string[]) {
  const root = createRootRoute({ component: Frame });
  const route = (path: string, component?: () => React.ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component });
  const search = () => <input type="search" aria-label="Search" />;
  const routeTree = root.addChildren([
    ...[route("/"), route("/board", search), route("/tasks/$taskId")],
  ]);
  const history = createMemoryHistory({ initialEntries: entries });
  render(<RouterProvider router={createRouter({ routeTree, history }) as never} />);
  await screen.findByRole("heading", { name: "Here" });
  return history;
}

const press = (key: string, more: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.body, { key, ...more });

test("Escape goes back from a task, to the inbox where there is nothing before it", async () => {
  const history = await at("/board", "/tasks/t1");
  press("Escape");
  await waitFor(() => expect(history.location.pathname).toBe("/board"));
  press("Escape");
  expect(history.location.pathname).toBe("/board");
  cleanup();
  const alone = await at("/tasks/t1");
  press("Escape");
  await waitFor(() => expect(alone.location.pathname).toBe("/"));
});

test("a slash searches the screen, or everything where it has no search", async () => {
  await at("/board");
  press("/");
  expect(document.activeElement).toBe(await screen.findByRole("searchbox"));
  cleanup();
  await at("/");
  press("/");
  expect(said).toEqual(["find"]);
});

test("the palette opens from within a field, and not from behind a dialog", async () => {
  await at("/board");
  fireEvent.keyDown(await screen.findByRole("searchbox"), { key: "k", ctrlKey: true });
  press("k", { ctrlKey: true, shiftKey: true });
  press("k");
  expect(said).toEqual(["find"]);
  document.body.append(Object.assign(document.createElement("dialog"), { open: true }));
  press("k", { ctrlKey: true });
  document.querySelector("dialog")?.remove();
  expect(said).toEqual(["find"]);
});
