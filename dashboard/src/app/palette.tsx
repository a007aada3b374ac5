/** Everything that has an address, found by its words; the keys stay in the field. */
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { Severity } from "@/components/badges";
import { Dialog } from "@/components/dialog";
import { ForeignText } from "@/components/foreign-text";
import type { Item } from "./palette-items";
import { usePaletteItems } from "./use-palette-items";
import "./palette.css";

interface Props {
  onClose: () => void;
  onHelp: () => void;
}

export function Palette({ onClose, onHelp }: Props) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<string>();
  const items = usePaletteItems(query, onHelp);
  const list = useId();
  const at = Math.max(
    0,
    items.findIndex(({ id }) => id === chosen),
  );
  const take = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    item.go();
  };
  const pressed = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) setChosen(items[(at + by + items.length) % items.length]?.id);
    else if (event.key === "Enter") take(items[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Find" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        data-first
        aria-label="Screen, task, incident, role or setting"
        aria-expanded={items.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={items[at] && `${list}-${items[at].id}`}
        placeholder="Screen, task, incident, role or setting"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(undefined);
        }}
        onKeyDown={pressed}
      />
      <div className="palette" role="listbox" id={list} aria-label="Found">
        {grouped(items).map(([group, ones]) => (
          <div key={group} role="group" aria-label={group}>
            <p className="palette-group quiet" aria-hidden="true">
              {group}
            </p>
            {ones.map((item) => (
              <Option
                key={item.id}
                item={item}
                id={`${list}-${item.id}`}
                chosen={item === items[at]}
                onTake={() => take(item)}
              />
            ))}
          </div>
        ))}
      </div>
      <p className={items.length ? "visually-hidden" : "quiet"} role="status">
        {items.length ? `${items.length} found` : "Nothing fits."}
      </p>
      <div className="buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function grouped(items: readonly Item[]): [group: string, items: Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
  return [...groups];
}

interface OptionProps {
  item: Item;
  id: string;
  chosen: boolean;
  onTake: () => void;
}

function Option({ item, id, chosen, onTake }: OptionProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) ref.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the field hears the keys
    <div
      ref={ref}
      role="option"
      id={id}
      tabIndex={-1}
      aria-selected={chosen}
      className="palette-item"
      onMouseDown={(event) => event.preventDefault()}
      onClick={onTake}
    >
      {item.severity && <Severity level={item.severity} />}
      <span className="palette-label">
        <ForeignText text={item.label} />
      </span>
      {item.note && (
        <span className="palette-note quiet">
          <ForeignText text={item.note} />
        </span>
      )}
    </div>
  );
}
