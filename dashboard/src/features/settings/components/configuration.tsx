/** Every option with its meaning; what is not the default stands out, secrets are never shown. */
import { useMemo, useState } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Empty } from "@/components/states";
import type { Option } from "../api/use-settings";

export function Configuration({ options }: { options: readonly Option[] }) {
  const [sought, setSought] = useState("");
  const [changed, setChanged] = useState(false);
  const groups = useMemo(() => {
    const words = sought.trim().toLowerCase();
    const found = options.filter(
      (one) =>
        (!changed || one.changed) && `${one.name} ${one.meaning}`.toLowerCase().includes(words),
    );
    const names = [...new Set(found.map(({ group }) => group))];
    return names.map((name) => [name, found.filter(({ group }) => group === name)] as const);
  }, [options, sought, changed]);
  return (
    <>
      <p className="settings-lead">
        Options come from the environment or from <code>.env</code>; a change counts after a
        restart.
      </p>
      <div className="filters">
        <input
          type="search"
          aria-label="Search options"
          placeholder="Name or meaning"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={changed}
            onChange={(event) => setChanged(event.target.checked)}
          />
          Only what was changed
        </label>
      </div>
      {groups.length === 0 && <Empty title="No option fits." />}
      {groups.map(([group, found]) => (
        <section key={group} className="card settings-group">
          <h2>{group}</h2>
          <Options options={found} />
        </section>
      ))}
    </>
  );
}

export function Options({ options }: { options: readonly Option[] }) {
  return (
    <dl className="options">
      {options.map((option) => (
        <div key={option.name}>
          <dt>
            <code>{option.name}</code>
            {option.changed && <span className="status status-busy">changed</span>}
          </dt>
          <dd className={option.changed ? "option-changed" : ""}>
            <Value option={option} />
          </dd>
          <dd className="quiet">{option.meaning.replaceAll("`", "")}</dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ option: { value, secret } }: { option: Option }) {
  if (secret) return <em>{String(value)}</em>;
  if (value === "" || value === null || ["[]", "{}"].includes(JSON.stringify(value)))
    return <span className="quiet">empty</span>;
  const text = Array.isArray(value) ? value.join(", ") : value;
  return (
    <code>
      <ForeignText text={typeof text === "object" ? JSON.stringify(text) : String(text)} />
    </code>
  );
}
