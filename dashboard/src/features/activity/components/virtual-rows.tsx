/** A long list of which only what is seen is drawn; it asks for more when its end comes near. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";
import type { Flow } from "../api/use-flow";

const ROW_PX = 46;
const NEAR_END = 20;

interface Props<T> {
  label: string;
  rows: readonly T[];
  keyOf: (row: T) => string | number;
  draw: (row: T) => ReactNode;
  reading: Flow["reading"];
  /** Told in place of rows that are not there. */
  foot: ReactNode;
  onEnd?: () => void;
}

export function VirtualRows<T>({ label, rows, keyOf, draw, reading, foot, onEnd }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by hand
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => {
      const row = rows[at];
      return row === undefined ? at : keyOf(row);
    },
    overscan: 12,
    initialRect: { width: 900, height: 700 },
  });
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length && last >= rows.length - NEAR_END) onEnd?.();
  }, [last, rows.length, onEnd]);
  return (
    <div className="log-scroll" ref={scroller} {...reading}>
      <ol className="log-rows" aria-label={label} style={{ height: list.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          return row === undefined ? null : (
            <li
              key={item.key}
              ref={list.measureElement}
              data-index={item.index}
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {draw(row)}
            </li>
          );
        })}
      </ol>
      <div className="log-foot quiet">{foot}</div>
    </div>
  );
}
