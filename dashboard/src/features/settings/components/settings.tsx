/** What holds on this server, how each part stands, and what to do about it. */
import { Link } from "@tanstack/react-router";
import { Failed, Loading } from "@/components/states";
import { PARTS, type Part } from "../api/parts";
import { useSettings, type Settings as Held } from "../api/use-settings";
import { Configuration, Options } from "./configuration";
import { Doctor } from "./doctor";
import { Integrations } from "./integrations";
import { Budgets } from "./budgets";
import { Policy } from "./policy";
import { ThisBrowser } from "./this-browser";
import "./settings.css";

interface Props {
  part: Part;
  scopes: readonly string[];
}

export function Settings({ part, scopes }: Props) {
  const held = useSettings();
  return (
    <>
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <nav className="tabs" aria-label="Settings">
        {PARTS.map(([name, label]) => (
          <Link
            key={name}
            to="/settings/$part"
            params={{ part: name }}
            className="tab"
            ref={name === part ? inSight : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      {part === "browser" ? (
        <ThisBrowser />
      ) : part === "doctor" ? (
        <Doctor mayRun={scopes.includes("operate") || scopes.includes("admin")} />
      ) : held.isPending ? (
        <Loading what="the settings" rows={6} />
      ) : !held.data ? (
        <Failed what="the settings" error={held.error} retry={() => void held.refetch()} />
      ) : (
        <Shown part={part} held={held.data} scopes={scopes} />
      )}
    </>
  );
}

/** On a phone not all of them fit. */
function inSight(link: HTMLAnchorElement | null): void {
  const row = link?.parentElement;
  if (link && row) row.scrollLeft = link.offsetLeft - row.clientWidth / 3;
}

function Shown({ part, held, scopes }: Props & { held: Held }) {
  switch (part) {
    case "integrations":
      return (
        <Integrations
          integrations={held.integrations}
          mayTest={scopes.includes("operate") || scopes.includes("admin")}
        />
      );
    case "budgets":
      return <Budgets options={held.options} />;
    case "quiet-hours":
      return <QuietHours held={held} />;
    case "policy":
      return <Policy options={held.options} services={held.services} />;
    default:
      return <Configuration options={held.options} />;
  }
}

function QuietHours({ held }: { held: Held }) {
  const hours = held.options.find(({ name }) => name === "QUIET_HOURS")?.value;
  return (
    <>
      <p className="settings-lead">
        {hours
          ? held.quiet_now
            ? "It is quiet now: questions of P2 to P4 wait until the quiet hours are over. P0 and P1 are asked at once."
            : "It is not quiet now: every question is asked at once."
          : "There are no quiet hours: every question is asked at once. QUIET_HOURS sets them, as 22:00-07:00 Europe/Berlin."}
      </p>
      <section className="card settings-group">
        <h2>When people are asked</h2>
        <Options options={held.options.filter(({ group }) => group === "Asking")} />
      </section>
    </>
  );
}
