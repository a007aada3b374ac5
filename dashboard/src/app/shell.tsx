/** The frame around every screen: navigation, whether it is live, and what any key opens. */
import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useInbox } from "@/features/inbox/api/use-inbox";
import { useNotices } from "@/features/inbox/api/use-notices";
import type { Session } from "@/features/session/api/use-session";
import { Stale } from "./connection";
import { KeysDialog } from "./keys-dialog";
import { MoreDialog } from "./more-dialog";
import { Nav } from "./nav";
import { useShellKeys } from "./use-shell-keys";

const Palette = lazy(() => import("./palette").then((it) => ({ default: it.Palette })));

export function Shell({ session }: { session: Session }) {
  const [open, setOpen] = useState<"help" | "more" | "find" | null>(null);
  const navigate = useNavigate();
  const waiting = useInbox().data?.length ?? 0;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [help, find, close] = [() => setOpen("help"), () => setOpen("find"), () => setOpen(null)];
  useEffect(() => {
    document.title = waiting ? `(${waiting}) Anton` : "Anton";
  }, [waiting]);
  useNotices((taskId) =>
    taskId
      ? void navigate({ to: "/tasks/$taskId", params: { taskId } })
      : void navigate({ to: "/" }),
  );
  useShellKeys(find, help);
  return (
    <div className={path.includes("/tasks/") ? "shell shell-task" : "shell"}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Nav
        session={session}
        path={path}
        waiting={waiting}
        onMore={() => setOpen("more")}
        onFind={find}
        onHelp={help}
      />
      <main id="main" tabIndex={-1}>
        <Stale />
        <Outlet />
      </main>
      {open === "more" && <MoreDialog session={session} onClose={close} onFind={find} />}
      {open === "help" && <KeysDialog onClose={close} />}
      {open === "find" && (
        <Suspense>
          <Palette onClose={close} onHelp={help} />
        </Suspense>
      )}
    </div>
  );
}
