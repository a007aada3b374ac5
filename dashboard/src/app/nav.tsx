/** The screens, beside each other or, on a phone, below: there the rest stands behind More. */
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/icons";
import type { Session } from "@/features/session/api/use-session";
import { SignOut } from "@/features/session/components/sign-out";
import { modKey } from "@/lib/keys";
import { Connection } from "./connection";
import { SCREENS } from "./screens";

interface Props {
  session: Session;
  /** Where one is. */
  path: string;
  /** Questions that wait. */
  waiting: number;
  onMore: () => void;
  onFind: () => void;
  onHelp: () => void;
}

export function Nav({ session, path, waiting, onMore, onFind, onHelp }: Props) {
  return (
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
      <button type="button" className="nav-more" onClick={onMore}>
        <Icon name="more" />
        More
      </button>
      <span className="nav-foot">
        <Connection />
        <button type="button" className="plain-button" onClick={onFind}>
          Find <kbd>{modKey} K</kbd>
        </button>
        <button type="button" className="plain-button" onClick={onHelp}>
          Keys
        </button>
        {session.key_needed && <SignOut name={session.name} />}
      </span>
    </nav>
  );
}
