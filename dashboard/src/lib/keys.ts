/** Single keys, never inside a field and never beside a modifier; `g i` is one name for two. */
import { useEffect, useRef } from "react";

const SEQUENCE_MS = 1_200;
/** Begins two keys that are one name; the second of them does nothing else. */
const LEADER = "g";
const SWITCH = "single-keys";

/** Whether single keys do anything; whoever speaks to the machine may not want them. */
export function singleKeys(): boolean {
  return localStorage.getItem(SWITCH) !== "off";
}

export function setSingleKeys(on: boolean): void {
  localStorage.setItem(SWITCH, on ? "on" : "off");
}

export type Keys = Record<string, (event: KeyboardEvent) => void>;

export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let first = "";
    let until = 0;
    const heard = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (!singleKeys()) return;
      if (inField(event.target) || document.querySelector("dialog[open]")) return;
      const leads = first === LEADER && event.timeStamp < until;
      const run = latest.current[leads ? `${LEADER} ${event.key}` : event.key];
      [first, until] = [leads ? "" : event.key, event.timeStamp + SEQUENCE_MS];
      if (run) {
        event.preventDefault();
        run(event);
      }
    };
    document.addEventListener("keydown", heard);
    return () => document.removeEventListener("keydown", heard);
  }, []);
}

/** The modifier of commands, as this machine's keyboards call it. */
export const modKey = /Mac|iPhone|iPad/.test(globalThis.navigator.platform) ? "⌘" : "Ctrl";

/** A key with the modifier of commands; heard in fields too, but not behind an open dialog. */
export function useModKey(key: string, run: () => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      const held = modKey === "⌘" ? event.metaKey : event.ctrlKey;
      if (!held || event.altKey || event.shiftKey || event.key.toLowerCase() !== key) return;
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener("keydown", heard);
    return () => document.removeEventListener("keydown", heard);
  }, [key]);
}

function inField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")
  );
}
