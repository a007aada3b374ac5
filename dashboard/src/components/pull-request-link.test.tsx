import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { PullRequestLink } from "./pull-request-link";

afterEach(cleanup);

test("a pull request is led to by the host that it is on", () => {
  render(<PullRequestLink url="https://git.example/a/b/pull/7" />);
  const link = screen.getByRole("link", { name: "Pull request on git.example" });
  expect(link.getAttribute("href")).toBe("https://git.example/a/b/pull/7");
});

test.each(["https://", "javascript:alert(1)", "http://git.example/7", "seven"])(
  "%s is text, and breaks no page",
  (url) => {
    render(<PullRequestLink url={url} />);
    expect(screen.queryByRole("link")).toBeNull();
    expect(document.body.textContent).toContain(`Pull request: ${url}`);
  },
);
