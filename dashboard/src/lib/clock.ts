/** The time, again every few seconds, so that ages on the page do not stand still. */
import { useEffect, useState } from "react";

const TICK_MS = 10_000;

export function useNow(every = TICK_MS): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
