/** The frame around every screen: navigation, whether it is live, and the keys. */
import { Link, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { Dialog } from "@/components/dialog";
import { Icon } from "@/components/icons";
import { useInbox } from "@/features/inbox/api/use-inbox";
import { useNotices } from "@/features/inbox/api/use-notices";
import { useSignOut, type Session } from "@/features/session/api/use-session";
import { clock } from "@/lib/format";
import { modKey, useKeys, useModKey } from "@/lib/keys";
import { useLive } from "@/lib/live";
import { KeysDialog } from "./keys-dialog";
import { SCREENS } from "./screens";

/** Addresses of one thing among others, from which one goes back. */
const WITHIN = /\/(tasks|incidents|identities)\/./;

const Palette = lazy(() => import("./palette").then((it) => ({ default: it.Palette })));

export function Shell({ session }: { session: Session }) {
  const [help, setHelp] = useState(false);
  const [more, setMore] = useState(false);
  const [finding, setFinding] = useState(false);
  const navigate = useNavigate();
  const waiting = useInbox().data?.length ?? 0;
  const { history } = useRouter();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.title = waiting ? `(${waiting}) Anton` : "Anton";
  }, [waiting]);
  useNotices((taskId) =>
    taskId
      ? void navigate({ to: "/tasks/$taskId", params: { taskId } })
      : void navigate({ to: "/" }),
  );
  useModKey("k", () => setFinding(true));
  useKeys({
    Escape: () => {
      const menu = document.querySelector<HTMLDetailsElement>("details.more[open]");
      if (menu) menu.open = false;
      else if (WITHIN.test(path) && history.canGoBack()) history.back();
      else if (WITHIN.test(path)) void navigate({ to: "/" });
    },
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
          <button type="button" className="plain-button" onClick={() => setFinding(true)}>
            Find <kbd>{modKey} K</kbd>
          </button>
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
            <button
              type="button"
              onClick={() => {
                setMore(false);
                setFinding(true);
              }}
            >
              Find…
            </button>
            {session.key_needed && <SignOut name={session.name} />}
            <button type="button" onClick={() => setMore(false)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
      {help && <KeysDialog onClose={() => setHelp(false)} />}
      {finding && (
        <Suspense>
          <Palette onClose={() => setFinding(false)} onHelp={() => setHelp(true)} />
        </Suspense>
      )}
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
