import { useState } from "react";

/** Which files of a patch somebody has viewed, on this tab of the browser. */
export function useViewed(patch: string) {
  const name = `viewed:${patch}`;
  const [viewed, setViewed] = useState(() => stored(name));
  const toggle = (path: string) => {
    const next = new Set(viewed);
    if (!next.delete(path)) next.add(path);
    sessionStorage.setItem(name, JSON.stringify([...next]));
    setViewed(next);
  };
  return { viewed, toggle };
}

function stored(name: string): ReadonlySet<string> {
  const known: unknown = JSON.parse(sessionStorage.getItem(name) ?? "[]");
  return new Set(Array.isArray(known) ? known.map(String) : []);
}
