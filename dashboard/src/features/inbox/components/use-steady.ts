/** Rows that never move under the pointer: what comes later waits until it is asked for. */
import { useState } from "react";
import type { Waiting } from "../api/use-inbox";

export interface Steady {
  rows: { item: Waiting; settled: boolean }[];
  /** How many came since these rows were laid out. */
  fresh: number;
  show: () => void;
}

/** Rows in the order in which they were first shown; one that was answered stays, and says so. */
export function useSteady(now: readonly Waiting[] | undefined, filter: string): Steady {
  const [laid, setLaid] = useState<{ filter: string; items: readonly Waiting[] }>();
  const current = new Map(now?.map((item) => [item.approval.approval_id, item]));
  const stale = laid?.filter !== filter || laid.items.every((item) => !current.has(idOf(item)));
  if (now && stale && (laid?.filter !== filter || now.length > 0 || laid.items.length > 0))
    setLaid({ filter, items: now });
  const items = laid?.items ?? [];
  const known = new Set(items.map(idOf));
  return {
    rows: items.map((item) => {
      const found = current.get(idOf(item));
      return { item: found ?? item, settled: !found };
    }),
    fresh: (now ?? []).filter((item) => !known.has(idOf(item))).length,
    show: () => setLaid({ filter, items: now ?? [] }),
  };
}

function idOf(item: Waiting): string {
  return item.approval.approval_id;
}
