import { expect, test } from "vitest";
import { OTHERS, series, stacked } from "./series";
import { dayAfter, daysOf, isDay } from "./use-stats";

const daily = (day: string, name: string, cost_usd: number) => ({
  day,
  name,
  cost_usd,
  unpriced_calls: 0,
});

test("every day has its row, also one on which nothing was spent", () => {
  const days = daysOf("2026-02-27", "2026-03-01", 10) ?? [];
  const found = stacked(
    [daily("2026-02-27", "qa", 1), daily("2026-02-27", "fix", 2), daily("2026-03-01", "qa", 4)],
    days,
  );
  expect(found.names).toEqual(["qa", "fix"]);
  expect(found.rows).toEqual([
    { label: "2026-02-27", values: { qa: 1, fix: 2 } },
    { label: "2026-02-28", values: {} },
    { label: "2026-03-01", values: { qa: 4 } },
  ]);
});

test("what has no known price is no bar of height 0", () => {
  const free = { ...daily("d", "own", 0), unpriced_calls: 0 };
  const unknown = { ...daily("d", "odd", 0), unpriced_calls: 3 };
  expect(stacked([free, unknown], ["d"]).names).toEqual(["own"]);
});

test("beyond seven names the small ones are one, and nothing is lost", () => {
  const parts = [...Array(9).keys()].map((at) => ({ row: "d", name: `m${at}`, value: 10 - at }));
  const { names, rows } = series(["d"], parts);
  expect(names).toEqual(["m0", "m1", "m2", "m3", "m4", "m5", OTHERS]);
  expect(rows[0]?.values[OTHERS]).toBe(4 + 3 + 2);
  expect(series(["d"], parts.slice(0, 7)).names).not.toContain(OTHERS);
});

test("days are counted by the calendar, and a long time is not filled", () => {
  expect(dayAfter("2024-02-28")).toBe("2024-02-29");
  expect(dayAfter("2026-03-01", -29)).toBe("2026-01-31");
  expect(daysOf("0001-01-01", "2026-01-01", 120)).toBeNull();
  expect(daysOf("2026-01-02", "2026-01-01", 120)).toEqual([]);
  expect([isDay("2026-01-01"), isDay("2026-13-01"), isDay("now")]).toEqual([true, false, false]);
});
