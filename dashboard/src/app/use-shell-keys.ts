/** The keys that do the same on every screen. */
import { useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { useKeys, useModKey } from "@/lib/keys";

/** Addresses of one thing among others, from which one goes back. */
const WITHIN = /\/(tasks|incidents|identities)\/./;

export function useShellKeys(onFind: () => void, onHelp: () => void): void {
  const navigate = useNavigate();
  const { history } = useRouter();
  const path = useRouterState({ select: (state) => state.location.pathname });
  useModKey("k", onFind);
  useKeys({
    Escape: () => {
      const menu = document.querySelector<HTMLDetailsElement>("details.more[open]");
      if (menu) menu.open = false;
      else if (WITHIN.test(path) && history.canGoBack()) history.back();
      else if (WITHIN.test(path)) void navigate({ to: "/" });
    },
    "/": () => {
      const box = document.querySelector<HTMLInputElement>("main input[type=search]");
      if (box) box.focus();
      else onFind();
    },
    "?": onHelp,
    "g i": () => void navigate({ to: "/" }),
    "g b": () => void navigate({ to: "/board" }),
    "g n": () => void navigate({ to: "/incidents" }),
    "g r": () => void navigate({ to: "/new" }),
    "g a": () => void navigate({ to: "/agents" }),
    "g l": () => void navigate({ to: "/analytics" }),
    "g v": () => void navigate({ to: "/activity" }),
  });
}
