/** One role: its rules and how they serve, its versions, and the tasks that it worked in. */
import { Link } from "@tanstack/react-router";
import { ForeignText } from "@/components/foreign-text";
import { Empty, Failed, Loading } from "@/components/states";
import { Tabs } from "@/components/tabs";
import { When } from "@/components/when";
import { Problem } from "@/lib/api";
import { cost, plural } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import { useAtWork } from "@/lib/use-at-work";
import { useIdentity, type IdentityCard } from "../api/use-identities";
import { percent, Played, tasksWith } from "./identity-cards";
import { RoleTasks } from "./role-tasks";
import { Rules } from "./rules";
import { Versions } from "./versions";
import { Working } from "./working";
import "./identities.css";

export const TABS = ["identity", "tasks"] as const;
export type Tab = (typeof TABS)[number];

export interface View {
  tab: Tab;
  /** The version that is looked at; undefined for the one that stands. */
  v?: number;
  /** The one that it is compared with; undefined for the one before. */
  vs?: number;
}

interface Props {
  role: string;
  view: View;
  mayChange: boolean;
  onView: (view: View) => void;
}

export function IdentityPage({ role, view, mayChange, onView }: Props) {
  const found = useIdentity(role);
  const { atWork } = useAtWork();
  const step = () => onView({ ...view, tab: view.tab === "identity" ? "tasks" : "identity" });
  useKeys({ "[": step, "]": step });
  if (found.isPending) return <Loading what="the identity" rows={5} />;
  if (!found.data) {
    if (found.error instanceof Problem && found.error.status === 404)
      return (
        <Empty alone title="There is no such role.">
          <Link to="/identities">All roles</Link>
        </Empty>
      );
    return <Failed what="the identity" error={found.error} retry={() => void found.refetch()} />;
  }
  const identity = found.data;
  return (
    <article className="task">
      <header className="task-head">
        <p className="crumbs quiet">
          <Link to="/identities">Identities</Link> / <Working tasks={tasksWith(role, atWork)} />
        </p>
        <h1>{role}</h1>
        <Played identity={identity} />
      </header>
      {identity.away_since && (
        <p className="notice notice-warn" role="status">
          Their store is away since <When at={identity.away_since} suffix="" />: this is the last
          copy.
          {identity.changes_waiting > 0 &&
            ` ${plural(identity.changes_waiting, "change waits", "changes wait")} to go there.`}
        </p>
      )}
      <Facts identity={identity} />
      <Tabs
        label="Parts of the identity"
        tabs={TABS}
        chosen={view.tab}
        panel="panel"
        onChoose={(tab) => onView({ ...view, tab })}
      />
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${view.tab}`} tabIndex={-1}>
        {view.tab === "tasks" ? (
          <RoleTasks role={role} />
        ) : (
          <>
            <Rules key={role} identity={identity} mayChange={mayChange} />
            <Beside identity={identity} />
            <Versions
              identity={identity}
              shown={view.v}
              against={view.vs}
              mayChange={mayChange}
              onShow={(v, vs) => onView({ tab: "identity", v, vs })}
            />
          </>
        )}
      </div>
    </article>
  );
}

function Facts({ identity }: { identity: IdentityCard }) {
  const weak = identity.rules.filter((rule) => rule.weak).length;
  const facts: [name: string, value: string][] = [
    ["Version", identity.version ? `v${identity.version}` : "none yet"],
    ["Rules", weak ? `${identity.rules.length}, ${weak} weak` : String(identity.rules.length)],
    ["Tasks", String(identity.tasks)],
    ["Success", identity.tasks ? percent(identity.success_rate) : "none yet"],
    ["Cost", identity.tasks ? cost(identity.cost_usd) : "none yet"],
  ];
  return (
    <dl className="facts-row card identity-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What it has learned beside rules; nothing where there is nothing. */
function Beside({ identity }: { identity: IdentityCard }) {
  const lists: [title: string, texts: string[]][] = [
    ["Expertise", identity.expertise],
    ["Past mistakes", identity.past_mistakes],
    ["Code style", identity.code_style ? [identity.code_style] : []],
    ["Beliefs", Object.entries(identity.beliefs).map(([key, belief]) => `${key}: ${belief}`)],
  ];
  const told = lists.filter(([, texts]) => texts.length > 0);
  if (told.length === 0) return null;
  return (
    <section className="card beside">
      {told.map(([title, texts]) => (
        <div key={title}>
          <h2>{title}</h2>
          <ul>
            {texts.map((text) => (
              <li key={text}>
                <ForeignText text={text} />
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
