import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { singleKeys } from "@/lib/keys";
import { ThisBrowser } from "./this-browser";

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("chosen colours are on the page and are kept, until the system decides again", () => {
  document.head.innerHTML = '<meta name="theme-color" data-theme="dark" media="not all">';
  const frame = document.querySelector("meta");
  render(<ThisBrowser />);
  const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));
  press("Dark");
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect([localStorage.getItem("theme"), frame?.media]).toEqual(["dark", "all"]);
  press("As the system");
  expect(document.documentElement.dataset.theme).toBeUndefined();
  expect(frame?.media).toBe("(prefers-color-scheme: dark)");
});

test("leave for notices is asked for by a click, and a refusal is told", async () => {
  let asked = 0;
  const browser = {
    permission: "default",
    requestPermission: async () => {
      asked += 1;
      return (browser.permission = "denied");
    },
  };
  vi.stubGlobal("Notification", browser);
  vi.stubGlobal("isSecureContext", true);
  render(<ThisBrowser />);
  expect(asked).toBe(0);
  const box = screen.getByRole<HTMLInputElement>("checkbox", { name: /Tell me when/ });
  fireEvent.click(box);
  await screen.findByText(/has refused them/);
  expect([asked, box.checked, box.disabled]).toEqual([1, false, true]);
});

test("a browser that has no notices says so", () => {
  vi.stubGlobal("isSecureContext", false);
  render(<ThisBrowser />);
  expect(screen.getByText(/shows none here/)).toBeTruthy();
});

test("single keys are switched here too", () => {
  render(<ThisBrowser />);
  fireEvent.click(screen.getByRole("checkbox", { name: /Single keys/ }));
  expect(singleKeys()).toBe(false);
});
