import { cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { useKeys, type Keys } from "./keys";

afterEach(cleanup);

function Listening({ keys }: { keys: Keys }) {
  useKeys(keys);
  return null;
}

test("the second of two keys does nothing else, whoever listens first", () => {
  const pressed: string[] = [];
  render(
    <>
      <Listening keys={{ a: () => pressed.push("approve") }} />
      <Listening keys={{ "g a": () => pressed.push("agents") }} />
    </>,
  );
  for (const key of ["g", "a"]) fireEvent.keyDown(document.body, { key });
  expect(pressed).toEqual(["agents"]);
  fireEvent.keyDown(document.body, { key: "a" });
  expect(pressed).toEqual(["agents", "approve"]);
});
