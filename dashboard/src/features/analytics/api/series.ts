/** From figures to what a chart draws: rows with a number for each name. */
import type { Schemas } from "@/lib/api";

type Daily = Schemas["DailyCost"];

export interface Series {
  /** Names, dearest first; those beyond the limit are one, called "others". */
  names: string[];
  rows: { label: string; values: Record<string, number> }[];
}

export const OTHERS = "others";
const NAMES_MAX = 7;

/** A row for each of the days, and in it what each name took; of unknown price alone, nothing. */
export function stacked(daily: readonly Daily[], days: readonly string[]): Series {
  return series(
    days,
    daily
      .filter((one) => one.cost_usd > 0 || one.unpriced_calls === 0)
      .map(({ day, name, cost_usd }) => ({ row: day, name, value: cost_usd })),
  );
}

interface Part {
  row: string;
  name: string;
  value: number;
}

export function series(labels: readonly string[], parts: readonly Part[]): Series {
  const totals = new Map<string, number>();
  for (const { name, value } of parts) totals.set(name, (totals.get(name) ?? 0) + value);
  const ranked = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const own = new Set(ranked.slice(0, ranked.length > NAMES_MAX ? NAMES_MAX - 1 : NAMES_MAX));
  const rows = new Map(labels.map((label) => [label, {} as Record<string, number>]));
  for (const { row, name, value } of parts) {
    const values = rows.get(row);
    const shown = own.has(name) ? name : OTHERS;
    if (values) values[shown] = (values[shown] ?? 0) + value;
  }
  const names = [...own, ...(ranked.length > own.size ? [OTHERS] : [])];
  return { names, rows: [...rows].map(([label, values]) => ({ label, values })) };
}
