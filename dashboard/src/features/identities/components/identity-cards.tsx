/** One card for each role: who plays it, how its tasks end, what it has learned. */
import { Link } from "@tanstack/react-router";
import { Empty, Failed, Loading } from "@/components/states";
import { cost, plural } from "@/lib/format";
import { useAtWork } from "@/lib/use-at-work";
import { useIdentities, type IdentityCard } from "../api/use-identities";
import { Working } from "./working";
import "./identities.css";

export function IdentityCards() {
  const listed = useIdentities();
  const { atWork } = useAtWork();
  return (
    <>
      <div className="page-head">
        <h1>Identities</h1>
        <p className="page-note quiet">
          What each role is and has learned. <Link to="/agents">Who is at work now</Link>
        </p>
      </div>
      {listed.isPending ? (
        <Loading what="the identities" rows={4} />
      ) : !listed.data ? (
        <Failed what="the identities" error={listed.error} retry={() => void listed.refetch()} />
      ) : listed.data.length === 0 ? (
        <Empty title="There are no roles." />
      ) : (
        <ul className="role-cards">
          {listed.data.map((one) => (
            <li key={one.role}>
              <Card identity={one} tasks={tasksWith(one.role, atWork)} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

type AtWork = ReturnType<typeof useAtWork>["atWork"];

export function tasksWith(role: string, atWork: AtWork): AtWork {
  return atWork.filter(({ work }) => work?.roles.some((one) => one.role === role));
}

function Card({ identity, tasks }: { identity: IdentityCard; tasks: AtWork }) {
  const weak = identity.rules.filter((rule) => rule.weak).length;
  return (
    <article className="card role-card">
      <header>
        <h2>
          <Link to="/identities/$role" params={{ role: identity.role }}>
            {identity.role}
          </Link>
        </h2>
        <Working tasks={tasks} />
      </header>
      <Played identity={identity} />
      {identity.tasks === 0 ? (
        <p className="quiet">No task with a model yet</p>
      ) : (
        <dl className="card-facts">
          <div>
            <dt>Tasks</dt>
            <dd>{identity.tasks}</dd>
          </div>
          <div>
            <dt>Success</dt>
            <dd>{percent(identity.success_rate)}</dd>
          </div>
          <div>
            <dt>A task costs</dt>
            <dd>{cost(identity.cost_usd === null ? null : identity.cost_usd / identity.tasks)}</dd>
          </div>
        </dl>
      )}
      <p>
        {identity.version === 0 ? (
          <span className="quiet">Nothing learned yet</span>
        ) : (
          <>
            {plural(identity.rules.length, "rule")}
            {weak > 0 && <span className="bad"> · {weak} weak</span>}
            <span className="quiet"> · v{identity.version}</span>
          </>
        )}
      </p>
    </article>
  );
}

export function Played({ identity }: { identity: IdentityCard }) {
  if (identity.model === null) return <p className="quiet">Works by rules, without a model</p>;
  return (
    <p className="played">
      <code>{identity.model}</code>
      {identity.fallbacks.length > 0 && (
        <span className="quiet"> then {identity.fallbacks.join(", ")}</span>
      )}
    </p>
  );
}

export function percent(share: number | null): string {
  return share === null ? "unknown" : `${Math.round(share * 100)} %`;
}
