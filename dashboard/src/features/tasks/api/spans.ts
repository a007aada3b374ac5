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
  /** Which go of this step it is, from 1; a gate that is resumed is one go. */
  attempt: number;
  /** Whether it is not over yet. */
  open: boolean;
}

interface Raw {
  node: string;
  begin: number;
  end: number;
  open: boolean;
}

export function spansOf(
  events: readonly LoggedEvent[],
  until: number,
): { spans: Span[]; length: number } {
  const open = new Map<string, number>();
  const raw: Raw[] = [];
  for (const event of events) {
    if (event.type !== "node") continue;
    const { node, state } = event.data as { node: string; state: string };
    const at = Date.parse(event.ts);
    if (state === "started") {
      const waited = open.get(node);
      if (waited !== undefined) raw.push({ node, begin: waited, end: at, open: false });
      open.set(node, at);
    } else if (state !== "interrupted") {
      raw.push({ node, begin: open.get(node) ?? at, end: at, open: false });
      open.delete(node);
    }
  }
  for (const [node, begin] of open)
    raw.push({ node, begin, end: Math.max(begin, until), open: true });
  raw.sort((a, b) => a.begin - b.begin);
  return placed(raw);
}

function placed(raw: readonly Raw[]) {
  const start = raw[0]?.begin ?? 0;
  const folds: { at: number; by: number }[] = [];
  const goes = new Map<string, number>();
  const spans = raw.map(({ node, begin, end, open }): Span => {
    const attempt = (goes.get(node) ?? 0) + 1;
    goes.set(node, attempt);
    const lane = GATES.has(node) ? "human" : "agent";
    const folded = lane === "human" && end - begin > FOLD_MS;
    const before = folds.reduce((sum, fold) => (fold.at <= begin ? sum + fold.by : sum), 0);
    if (folded) folds.push({ at: end, by: end - begin - FOLD_MS / 30 });
    const shown = folded ? FOLD_MS / 30 : end - begin;
    return {
      node,
      lane,
      begin,
      end,
      shownAt: begin - start - before,
      shown,
      folded,
      attempt,
      open,
    };
  });
  const length = Math.max(1, ...spans.map((span) => span.shownAt + span.shown));
  return { spans, length };
}

/** Spans in as few rows as keep them apart. */
export function tracksOf(spans: readonly Span[]): Span[][] {
  const tracks: Span[][] = [];
  for (const span of spans) {
    const free = tracks.find((track) => (track.at(-1)?.end ?? 0) <= span.begin);
    if (free) free.push(span);
    else tracks.push([span]);
  }
  return tracks;
}
