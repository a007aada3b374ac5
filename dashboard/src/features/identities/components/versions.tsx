/** The versions that are kept, what is other between two of them, and the way back. */
import { useState } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import { plural } from "@/lib/format";
import { useDifference, useVersions, type IdentityCard, type Version } from "../api/use-identities";
import { DifferenceList } from "./difference";
import { RollBack } from "./roll-back";

interface Props {
  identity: IdentityCard;
  shown: number | undefined;
  against: number | undefined;
  mayChange: boolean;
  onShow: (v: number, vs: number) => void;
}

export function Versions({ identity, shown, against, mayChange, onShow }: Props) {
  const found = useVersions(identity.role);
  if (identity.version === 0) return null;
  if (found.isPending) return <Loading what="the versions" />;
  if (!found.data)
    return <Failed what="the versions" error={found.error} retry={() => void found.refetch()} />;
  const kept = found.data;
  const now = identity.version;
  const v = kept.some((one) => one.version === shown) && shown ? shown : now;
  const before = kept.find((one) => one.version < v)?.version ?? kept.at(-1)?.version ?? v;
  const vs = kept.some((one) => one.version === against) && against ? against : before;
  return (
    <section className="versions" aria-label="Versions">
      <div className="section-head">
        <h2>Versions</h2>
        <span className="quiet">the last {kept.length} are kept</span>
      </div>
      {kept.length > 1 && (
        <Comparison
          role={identity.role}
          now={now}
          kept={kept}
          v={v}
          vs={vs}
          mayChange={mayChange}
          onShow={onShow}
        />
      )}
      <ol className="version-list">
        {kept.map((one) => (
          <li key={one.version} aria-current={one.version === now ? "true" : undefined}>
            <strong>v{one.version}</strong>
            <span>
              {one.version === now && <span className="status status-good">Stands now</span>}
              <ForeignText text={one.reason || "No reason was written down."} />
              <span className="quiet version-by">
                {plural(one.rules.length, "rule")} · by {one.saved_by} · <When at={one.saved_at} />
              </span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface ComparisonProps {
  role: string;
  now: number;
  kept: readonly Version[];
  v: number;
  vs: number;
  mayChange: boolean;
  onShow: (v: number, vs: number) => void;
}

function Comparison({ role, now, kept, v, vs, mayChange, onShow }: ComparisonProps) {
  const [back, setBack] = useState(false);
  const found = useDifference(role, v, vs);
  const target = v === now ? vs : v;
  return (
    <div className="card comparison">
      <div className="comparison-head">
        <Pick label="Version" kept={kept} now={now} value={v} onPick={(one) => onShow(one, vs)} />
        <Pick
          label="compared with"
          kept={kept}
          now={now}
          value={vs}
          onPick={(one) => onShow(v, one)}
        />
        {mayChange && target !== now && (
          <button type="button" onClick={() => setBack(true)}>
            Roll back to v{target}…
          </button>
        )}
      </div>
      {v === vs ? (
        <p className="quiet">Choose two versions to see what is other.</p>
      ) : found.isPending ? (
        <Loading what="the difference" rows={1} />
      ) : !found.data ? (
        <Failed what="the difference" error={found.error} retry={() => void found.refetch()} />
      ) : (
        <DifferenceList found={found.data} />
      )}
      {back && <RollBack role={role} now={now} target={target} onClose={() => setBack(false)} />}
    </div>
  );
}

interface PickProps {
  label: string;
  kept: readonly Version[];
  now: number;
  value: number;
  onPick: (version: number) => void;
}

function Pick({ label, kept, now, value, onPick }: PickProps) {
  return (
    <label className="pick">
      {label}
      <select value={value} onChange={(event) => onPick(Number(event.target.value))}>
        {kept.map((one) => (
          <option key={one.version} value={one.version}>
            v{one.version}
            {one.version === now ? " (now)" : ""}
          </option>
        ))}
      </select>
    </label>
  );
}
