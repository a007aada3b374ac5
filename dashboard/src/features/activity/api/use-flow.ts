/** Holds what is new back while somebody reads, so that no row moves under a pointer. */
import { useEffect, useRef, useState } from "react";

export interface Flow {
  /** How many new ones wait to be shown. */
  waiting: number;
  paused: boolean;
  setPaused: (paused: boolean) => void;
  /** Something new came: shown at once where nobody reads, else counted. */
  offer: (count: number) => void;
  /** Show what waits. */
  show: () => void;
  /** For the element that scrolls. */
  reading: {
    onPointerEnter: () => void;
    onPointerLeave: () => void;
    onFocus: () => void;
    onBlur: () => void;
    onScroll: (event: { currentTarget: HTMLElement }) => void;
  };
}

/** `reveal` makes everything that came visible. */
export function useFlow(reveal: () => void): Flow {
  const [waiting, setWaiting] = useState(0);
  const [paused, setPausedState] = useState(false);
  const why = useRef({ paused: false, pointer: false, focus: false, scrolled: false });
  const latest = useRef(reveal);
  useEffect(() => {
    latest.current = reveal;
  });
  const held = () => Object.values(why.current).some(Boolean);
  const show = () => {
    setWaiting(0);
    latest.current();
  };
  const set = (reason: keyof typeof why.current, on: boolean) => {
    why.current[reason] = on;
    if (!on && !held() && waiting > 0) show();
  };
  return {
    waiting,
    paused,
    setPaused: (on) => {
      setPausedState(on);
      set("paused", on);
    },
    offer: (count) => {
      if (held()) setWaiting((known) => known + count);
      else latest.current();
    },
    show,
    reading: {
      onPointerEnter: () => set("pointer", true),
      onPointerLeave: () => set("pointer", false),
      onFocus: () => set("focus", true),
      onBlur: () => set("focus", false),
      onScroll: ({ currentTarget }) => set("scrolled", currentTarget.scrollTop > 0),
    },
  };
}
