/** Screens, settings, roles, tasks and incidents, as the palette finds them. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useRoles } from "@/features/activity/api/use-activity";
import { useInbox } from "@/features/inbox/api/use-inbox";
import { useIncidents } from "@/features/incidents/api/use-incidents";
import { PARTS } from "@/features/settings/api/parts";
import { useBoard } from "@/features/tasks/api/use-board";
import { KINDS } from "@/config/questions";
import { repoName, statusWords, words } from "@/lib/format";
import { setTheme, THEMES } from "@/lib/theme";
import { found, type Item } from "./palette-items";
import { SCREENS } from "./screens";

const TYPING_MS = 200;
const REFERENCE = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/;

/** What fits the query; without one what needs somebody, and the screens. */
export function usePaletteItems(query: string, onHelp: () => void): Item[] {
  const asked = query.trim();
  const places = usePlaces(onHelp);
  const waiting = useWaiting();
  const tasks = useTasks(asked.toLowerCase());
  const incidents = useFaults(useSettled(asked));
  if (!asked) return found([...waiting, ...places.filter(({ group }) => group === "Screens")], "");
  return found([...places, ...tasks, ...incidents], asked);
}

/** A text once it has stood still for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function usePlaces(onHelp: () => void): Item[] {
  const navigate = useNavigate();
  const roles = useRoles().data ?? [];
  const screens = SCREENS.map(({ to, label }): Item => ({
    id: `screen${to}`,
    group: "Screens",
    label: to === "/new" ? "Report a fault" : label,
    go: () => void navigate({ to }),
  }));
  const parts = PARTS.map(([part, label]): Item => ({
    id: `settings-${part}`,
    group: "Settings",
    label,
    also: "settings",
    go: () => void navigate({ to: "/settings/$part", params: { part } }),
  }));
  const looks = THEMES.map((look): Item => ({
    id: `look-${look}`,
    group: "Settings",
    label: `Colours: ${look === "system" ? "as the system" : look}`,
    also: "theme",
    go: () => setTheme(look),
  }));
  const keys: Item = { id: "keys", group: "Settings", label: "Keys", also: "help", go: onHelp };
  const named = roles.map((role): Item => ({
    id: `role-${role}`,
    group: "Roles",
    label: role,
    also: "role",
    go: () => void navigate({ to: "/identities/$role", params: { role } }),
  }));
  return [...screens, ...parts, ...looks, keys, ...named];
}

function useWaiting(): Item[] {
  const navigate = useNavigate();
  const waiting = useInbox().data ?? [];
  return waiting.map(({ approval, task }) => ({
    id: `asked-${approval.approval_id}`,
    group: "Needs you",
    label: task.title,
    note: joined(KINDS[approval.kind], task.ticket, repoName(task.repo)),
    severity: task.severity,
    go: () => void navigate({ to: "/tasks/$taskId", params: { taskId: task.task_id } }),
  }));
}

/** Those of the board; an id that is not among them is looked for all the same. */
function useTasks(asked: string): Item[] {
  const navigate = useNavigate();
  const open = (taskId: string) => void navigate({ to: "/tasks/$taskId", params: { taskId } });
  const tasks = useBoard().data?.tasks ?? [];
  const known = tasks.map((task): Item => {
    const names = [task.ticket, repoName(task.repo), statusWords(task.outcome ?? task.status)];
    return {
      id: `task-${task.task_id}`,
      group: "Tasks",
      label: task.title,
      note: joined(...names, task.task_id.slice(0, 8)),
      severity: task.severity,
      go: () => open(task.task_id),
    };
  });
  if (!REFERENCE.test(asked) || tasks.some((task) => task.task_id.startsWith(asked))) return known;
  return [{ id: "task", group: "Tasks", label: `Task ${asked}`, go: () => open(asked) }, ...known];
}

function useFaults(asked: string): Item[] {
  const navigate = useNavigate();
  const pages = useIncidents("all", asked).data?.pages ?? [];
  return pages
    .flatMap((page) => page.incidents)
    .map(({ incident_id: incidentId, title, ticket, repo, state, severity }) => ({
      id: `incident-${incidentId}`,
      group: "Incidents",
      label: title,
      note: joined(ticket, repoName(repo), words(state)),
      severity,
      go: () => void navigate({ to: "/incidents/$incidentId", params: { incidentId } }),
    }));
}

function joined(...names: (string | null)[]): string {
  return names.filter(Boolean).join(" · ");
}
