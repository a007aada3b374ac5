/** The inbox, joined to its address. */
import { getRouteApi } from "@tanstack/react-router";
import { Inbox } from "@/features/inbox/components/inbox";

const inbox = getRouteApi("/");

export function InboxScreen() {
  const { tab = "mine" } = inbox.useSearch();
  const navigate = inbox.useNavigate();
  return (
    <Inbox
      tab={tab}
      onTab={(chosen) =>
        void navigate({ search: chosen === "mine" ? {} : { tab: chosen }, replace: true })
      }
    />
  );
}
