/** A conversation once more, as it went: which call is shown, and how much of its answer. */

export const SPEEDS = [1, 4, 16] as const;
export type Speed = (typeof SPEEDS)[number];

export interface Replay {
  /** Calls before this one are whole; calls behind it are not there yet. */
  at: number;
  /** How long the call at `at` has been going on, in ms of the record. */
  ms: number;
  playing: boolean;
  speed: Speed;
}

export const LEAST_MS = 800;
export const MOST_MS = 12_000;
/** The share of a call that passes before its first word. */
const THINKING = 0.35;

/** How long a call is shown to last: as it did, but neither a flash nor an eternity. */
export function lasting(latencyMs: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, latencyMs));
}

/** The replay some real time later; it stops at its end. */
export function advanced(replay: Replay, realMs: number, lengths: readonly number[]): Replay {
  if (!replay.playing) return replay;
  let { at } = replay;
  let ms = replay.ms + realMs * replay.speed;
  while (at < lengths.length && ms >= lasting(lengths[at] ?? 0)) {
    ms -= lasting(lengths[at] ?? 0);
    at += 1;
  }
  if (at >= lengths.length) return { ...replay, at: lengths.length, ms: 0, playing: false };
  return { ...replay, at, ms };
}

/** One call further or back, all of it at once. */
export function stepped(replay: Replay, by: 1 | -1, count: number): Replay {
  const at = Math.min(count, Math.max(0, replay.at + by));
  return { ...replay, at, ms: 0, playing: false };
}

/** How much of its answer the call in progress has given: 0 while it thinks, 1 at its end. */
export function given(replay: Replay, latencyMs: number): number {
  const done = replay.ms / lasting(latencyMs);
  return Math.max(0, (done - THINKING) / (1 - THINKING));
}
