import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Clock, When } from "./when";

afterEach(cleanup);

const AT = "2026-01-02T03:04:05Z";

test("an age can be focused and bears its moment; within a link the link has the focus", () => {
  render(
    <>
      <When at={AT} />
      <a href="/x">
        <When at={AT} suffix="waiting" inLink />
      </a>
    </>,
  );
  const [alone, within] = [screen.getByText(/ago$/), screen.getByText(/waiting$/)];
  expect([alone.tabIndex, within.hasAttribute("tabindex")]).toEqual([0, false]);
  for (const time of [alone, within])
    expect(time.dataset.moment).toBe(new Date(AT).toLocaleString());
});

test("a time of day says the day where it is not today", () => {
  render(<Clock at={AT} />);
  const time = screen.getByText(/Jan/);
  expect(time.getAttribute("datetime")).toBe(AT);
});
