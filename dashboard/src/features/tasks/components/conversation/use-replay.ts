/** A replay that goes on by itself while it plays. */
import { useEffect, useState } from "react";
import { advanced, stepped, type Replay, type Speed } from "../../api/replay";

const TICK_MS = 50;

export interface Player {
  /** Null while the whole conversation is shown. */
  replay: Replay | null;
  play: () => void;
  pause: () => void;
  step: (by: 1 | -1) => void;
  seek: (at: number) => void;
  speed: (speed: Speed) => void;
  leave: () => void;
}

export function useReplay(lengths: readonly number[]): Player {
  const [replay, setReplay] = useState<Replay | null>(null);
  const playing = replay?.playing ?? false;
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const passed = now - last;
      last = now;
      setReplay((known) => known && advanced(known, passed, lengths));
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [playing, lengths]);
  const begin = (known: Replay | null): Replay =>
    known ?? { at: 0, ms: 0, playing: false, speed: 4 };
  return {
    replay,
    play: () =>
      setReplay((known) => {
        const from = begin(known);
        return { ...from, at: from.at >= lengths.length ? 0 : from.at, playing: true };
      }),
    pause: () => setReplay((known) => known && { ...known, playing: false }),
    step: (by) =>
      setReplay((known) =>
        stepped(known ?? { ...begin(null), at: by < 0 ? lengths.length : 0 }, by, lengths.length),
      ),
    seek: (at) => setReplay((known) => ({ ...begin(known), at, ms: 0, playing: false })),
    speed: (speed) => setReplay((known) => ({ ...begin(known), speed })),
    leave: () => setReplay(null),
  };
}
