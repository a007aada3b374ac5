import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { useComments } from "./use-comments";

afterEach(cleanup);
beforeEach(() => sessionStorage.clear());

const comment = { path: "a.py", line: 3, text: "why?" };

test("comments outlive a reload, and go with no later revision", () => {
  const before = renderHook(() => useComments("a1"));
  act(() => before.result.current[1]([comment]));
  expect(before.result.current[0]).toEqual([comment]);
  before.unmount();
  const after = renderHook(({ id }) => useComments(id), { initialProps: { id: "a1" } });
  expect(after.result.current[0]).toEqual([comment]);
  after.rerender({ id: "a2" });
  expect(after.result.current[0]).toEqual([]);
});
