/** The frame around every screen: navigation, whether it is live, and the keys. */
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Dialog } from "@/components/dialog";
import { Icon } from "@/components/icons";
import { useInbox } from "@/features/inbox/api/use-inbox";
import { useSignOut, type Session } from "@/features/session/api/use-session";
import { clock } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import { useLive } from "@/lib/live";
import { KeysDialog } from "./keys-dialog";

/** On a phone those of the rest stand behind More; `also` begins other addresses of a screen. */
const SCREENS = [
  { to: "/", label: "Inbox", icon: "inbox", rest: false, also: null },
  { to: "/board", label: "Board", icon: "board", rest: false, also: null },
  { to: "/incidents", label: "Incidents", icon: "incidents", rest: true, also: null },
  { to: "/agents", label: "Agents", icon: "agents", rest: true, also: "/identities" },
  { to: "/analytics", label: "Analytics", icon: "analytics", rest: true, also: null },
  { to: "/activity", label: "Activity", icon: "activity", rest: false, also: null },
  { to: "/new", label: "New", icon: "new", rest: true, also: null },
  { to: "/settings", label: "Settings", icon: "settings", rest: true, also: null },
] as const;

export function Shell({ session }: { session: Session }) {
  const [help, setHelp] = useState(false);
  const [more, setMore] = useState(false);
  const navigate = useNavigate();
  const waiting = useInbox().data?.length ?? 0;
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.title = waiting ? `(${waiting}) Anton` : "Anton";
  }, [waiting]);
  useKeys({
    "?": () => setHelp(true),
    "g i": () => void navigate({ to: "/" }),
    "g b": () => void navigate({ to: "/board" }),
    "g n": () => void navigate({ to: "/incidents" }),
    "g r": () => void navigate({ to: "/new" }),
    "g a": () => void navigate({ to: "/agents" }),
    "g l": () => void navigate({ to: "/analytics" }),
    "g v": () => void navigate({ to: "/activity" }),
  });
  return (
    <div className={path.includes("/tasks/") ? "shell shell-task" : "shell"}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <nav className="nav" aria-label="Screens">
        <span className="brand">
          <img src="/ui/icon.svg" alt="" width="28" height="28" /> <span>Anton</span>
        </span>
        {SCREENS.map(({ to, label, icon, rest, also }) => (
          <Link
            key={to}
            to={to}
            className={`${rest ? "nav-rest" : ""} ${also && path.startsWith(also) ? "active" : ""}`}
            activeOptions={{ exact: to === "/", includeSearch: false }}
          >
            <Icon name={icon} />
            {label}
            {to === "/" && waiting > 0 && <span className="count">{waiting}</span>}
          </Link>
        ))}
        <button type="button" className="nav-more" onClick={() => setMore(true)}>
          <Icon name="more" />
          More
        </button>
        <span className="nav-foot">
          <Connection />
          <button type="button" className="plain-button" onClick={() => setHelp(true)}>
            Keys
          </button>
          {session.key_needed && <SignOut name={session.name} />}
        </span>
      </nav>
      <main id="main" tabIndex={-1}>
        <Stale />
        <Outlet />
      </main>
      {more && (
        <Dialog title="More" onClose={() => setMore(false)}>
          <ul className="more-screens">
            {SCREENS.filter(({ rest }) => rest).map(({ to, label, icon }, at) => (
              <li key={to}>
                <Link to={to} data-first={at === 0 || undefined} onClick={() => setMore(false)}>
                  <Icon name={icon} />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
          <div className="buttons">
            {session.key_needed && <SignOut name={session.name} />}
            <button type="button" onClick={() => setMore(false)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
      {help && <KeysDialog onClose={() => setHelp(false)} />}
    </div>
  );
}

const STATES = {
  live: "Live",
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  signed_out: "Signed out",
};

function Connection() {
  const { connection, heardAt } = useLive();
  const stale = connection !== "live" && heardAt > 0 && connection !== "connecting";
  return (
    <span className={`connection connection-${connection}`} role="status">
      <span aria-hidden="true" className="dot" />
      {STATES[connection]}
      {stale && <span> showing {clock(heardAt)}</span>}
    </span>
  );
}

/** On the task page of a phone the navigation gives way: that the page is old is said here. */
function Stale() {
  const { connection, heardAt } = useLive();
  if (connection === "live" || connection === "connecting") return null;
  return (
    <p className="notice notice-warn stale" role="status">
      {connection === "signed_out" ? "You are signed out." : "The connection is lost."}
      {heardAt > 0 && ` This is how it stood at ${clock(heardAt)}.`}
    </p>
  );
}

function SignOut({ name }: { name: string }) {
  const signOut = useSignOut();
  return (
    <button type="button" className="plain-button" onClick={() => signOut.mutate()}>
      Sign out {name}
    </button>
  );
}
