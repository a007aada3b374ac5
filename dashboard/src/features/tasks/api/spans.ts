/** From events to bars: who worked or was waited for, from when to when. */
import type { LoggedEvent } from "./use-task";

const GATES = new Set(["approve", "escalate"]);
export const FOLD_MS = 5 * 60_000;

export interface Span {
  node: string;
  lane: "agent" | "human";
  begin: number;
  end: number;
  /** Where it is drawn, in ms from the start; waiting above five minutes is folded. */
  shownAt: number;
  shown: number;
  folded: boolean;
}

export function spansOf(
  events: readonly LoggedEvent[],
  until: number,
): { spans: Span[]; length: number } {
  const open = new Map<string, number>();
  const raw: { node: string; begin: number; end: number }[] = [];
  for (const event of events) {
    if (event.type !== "node") continue;
    const { node, state } = event.data as { node: string; state: string };
    const at = Date.parse(event.ts);
    if (state === "started") {
      const waited = open.get(node);
      if (waited !== undefined) raw.push({ node, begin: waited, end: at });
      open.set(node, at);
    } else if (state !== "interrupted") {
      raw.push({ node, begin: open.get(node) ?? at, end: at });
      open.delete(node);
    }
  }
  for (const [node, begin] of open) raw.push({ node, begin, end: Math.max(begin, until) });
  raw.sort((a, b) => a.begin - b.begin);
  return placed(raw);
}

function placed(raw: readonly { node: string; begin: number; end: number }[]) {
  const start = raw[0]?.begin ?? 0;
  const folds: { at: number; by: number }[] = [];
  const spans = raw.map(({ node, begin, end }): Span => {
    const lane = GATES.has(node) ? "human" : "agent";
    const folded = lane === "human" && end - begin > FOLD_MS;
    const before = folds.reduce((sum, fold) => (fold.at <= begin ? sum + fold.by : sum), 0);
    if (folded) folds.push({ at: end, by: end - begin - FOLD_MS / 30 });
    const shown = folded ? FOLD_MS / 30 : end - begin;
    return { node, lane, begin, end, shownAt: begin - start - before, shown, folded };
  });
  const length = Math.max(1, ...spans.map((span) => span.shownAt + span.shown));
  return { spans, length };
}
