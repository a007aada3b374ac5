/** What has no room in the navigation of a phone. */
import { Link } from "@tanstack/react-router";
import { Dialog } from "@/components/dialog";
import { Icon } from "@/components/icons";
import type { Session } from "@/features/session/api/use-session";
import { SignOut } from "@/features/session/components/sign-out";
import { SCREENS } from "./screens";

interface Props {
  session: Session;
  onClose: () => void;
  onFind: () => void;
}

export function MoreDialog({ session, onClose, onFind }: Props) {
  return (
    <Dialog title="More" onClose={onClose}>
      <ul className="more-screens">
        <li>
          <button type="button" className="more-find" data-first onClick={onFind}>
            <Icon name="find" />
            Find
          </button>
        </li>
        {SCREENS.filter(({ rest }) => rest).map(({ to, label, icon }) => (
          <li key={to}>
            <Link to={to} onClick={onClose}>
              <Icon name={icon} />
              {label}
            </Link>
          </li>
        ))}
      </ul>
      <div className="buttons">
        {session.key_needed && <SignOut name={session.name} />}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
