/** Whether any tab of the dashboard is in sight: each that is holds its share of one lock. */
import { useEffect } from "react";

const NAME = "anton-in-sight";

function locks(): LockManager | undefined {
  return globalThis.navigator.locks as LockManager | undefined;
}

export async function anyInSight(): Promise<boolean> {
  if (!document.hidden) return true;
  const found = await locks()?.query();
  return Boolean(found?.held?.some(({ name }) => name === NAME));
}

/** Tell other tabs that this one is in sight, while it is. */
export function useInSight(): void {
  useEffect(() => {
    let release = () => {};
    const turned = () => {
      release();
      release = () => {};
      if (document.hidden) return;
      const hidden = new Promise<void>((resolve) => (release = resolve));
      void locks()?.request(NAME, { mode: "shared" }, () => hidden);
    };
    turned();
    document.addEventListener("visibilitychange", turned);
    return () => {
      document.removeEventListener("visibilitychange", turned);
      release();
    };
  }, []);
}
