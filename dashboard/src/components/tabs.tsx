/** A row of tabs, reached by one Tab key and walked with the arrows. */
import { useEffect, useRef } from "react";
import { words } from "@/lib/format";

interface Props<T extends string> {
  label: string;
  tabs: readonly T[];
  chosen: T;
  /** Id of the panel that they switch. */
  panel: string;
  onChoose: (tab: T) => void;
}

export function Tabs<T extends string>({ label, tabs, chosen, panel, onChoose }: Props<T>) {
  const step = (from: HTMLElement, by: number) => {
    const at = (tabs.indexOf(chosen) + by + tabs.length) % tabs.length;
    const next = tabs[at];
    if (next) onChoose(next);
    (from.parentElement?.children[at] as HTMLElement | undefined)?.focus();
  };
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>("[aria-selected='true']");
    if (row.current && tab) row.current.scrollLeft = tab.offsetLeft - row.current.clientWidth / 3;
  }, [chosen]);
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={row}>
      {tabs.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          id={`tab-${one}`}
          aria-selected={one === chosen}
          aria-controls={panel}
          tabIndex={one === chosen ? 0 : -1}
          onClick={() => onChoose(one)}
          onKeyDown={(event) => {
            const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (by) step(event.currentTarget, by);
          }}
        >
          {words(one)}
        </button>
      ))}
    </div>
  );
}
