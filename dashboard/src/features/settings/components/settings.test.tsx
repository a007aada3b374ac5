import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import type { ReactNode } from "react";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Integration, Option } from "../api/use-settings";
import { Budgets } from "./budgets";
import { Configuration } from "./configuration";
import { Doctor } from "./doctor";
import { Integrations } from "./integrations";

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());

const option = (name: string, more: Partial<Option> = {}): Option => ({
  name,
  group: "The server",
  meaning: "Port to listen on.",
  value: 8000,
  secret: false,
  changed: false,
  ...more,
});
const telegram: Integration = {
  name: "telegram",
  state: "failing",
  detail: "401 Unauthorized",
  variable: "TELEGRAM_BOT_TOKEN",
  since: "2026-01-01T00:00:00Z",
  channel: true,
};

function show(children: ReactNode) {
  render(<QueryClientProvider client={new QueryClient()}>{children}</QueryClientProvider>);
}

test("options are found by their meaning and by whether they were changed", () => {
  show(
    <Configuration
      options={[
        option("PORT"),
        option("API_KEY", { meaning: "The key.", value: "set", secret: true, changed: true }),
      ]}
    />,
  );
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "listen" } });
  expect(screen.queryByText("API_KEY")).toBeNull();
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "" } });
  fireEvent.click(screen.getByRole("checkbox"));
  expect(screen.queryByText("PORT")).toBeNull();
  expect(screen.getByText("API_KEY")).toBeTruthy();
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "nothing" } });
  expect(screen.getByText("No option fits.")).toBeTruthy();
});

test("what fails says why, since when and which option to look at; a test tells what came", async () => {
  server.use(
    http.post("*/channels/telegram/test", () =>
      HttpResponse.json(
        { type: "urn:anton:channel_failing", detail: "Telegram: 401 Unauthorized" },
        { status: 502 },
      ),
    ),
  );
  show(<Integrations integrations={[telegram]} mayTest />);
  const row = within(screen.getByRole("listitem"));
  expect(row.getByText("✗ Failing")).toBeTruthy();
  expect(row.getByText("TELEGRAM_BOT_TOKEN")).toBeTruthy();
  expect(row.getByText(/401 Unauthorized/)).toBeTruthy();
  fireEvent.click(row.getByRole("button", { name: "Send a test" }));
  expect(await row.findByText(/Telegram: 401 Unauthorized/)).toBeTruthy();
});

test("without the scope nothing can be sent or examined, and the reason stands there", () => {
  show(
    <>
      <Integrations integrations={[telegram]} mayTest={false} />
      <Doctor mayRun={false} />
    </>,
  );
  const test = screen.getByRole<HTMLButtonElement>("button", { name: "Send a test" });
  expect(test.disabled).toBe(true);
  expect(test.title).toContain("operate");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Look now" }).disabled).toBe(true);
});

test("an examination shows the worst first, each with its remedy", async () => {
  server.use(
    http.get("*/doctor", () =>
      HttpResponse.json({
        as_of_seq: 1,
        status: "error",
        at: new Date().toISOString(),
        checks: [
          { name: "python", level: "ok", text: "3.11", remedy: "" },
          {
            name: "sandbox",
            level: "error",
            text: "No bwrap.",
            remedy: "apt-get install bubblewrap",
          },
        ],
      }),
    ),
  );
  show(<Doctor mayRun />);
  fireEvent.click(screen.getByRole("button", { name: "Look now" }));
  const lines = await screen.findAllByRole("listitem");
  expect(lines[0]?.textContent).toContain("sandbox");
  expect(lines[0]?.textContent).toContain("apt-get install bubblewrap");
  expect(screen.getByText("Something does not work.")).toBeTruthy();
});

test("what was spent today stands beside the limit, and unknown prices are no zero", async () => {
  server.use(
    http.get("*/stats", () =>
      HttpResponse.json({ cost: { total_usd: 3.25, unpriced_models: { "ollama/x": 4 } } }),
    ),
  );
  show(<Budgets options={[option("MAX_DAY_BUDGET_USD", { group: "Budgets", value: 10 })]} />);
  expect(await screen.findByText("$3.2500", { selector: "strong" })).toBeTruthy();
  expect(screen.getByText(/1 model without a known price/)).toBeTruthy();
});
