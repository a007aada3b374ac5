/** Desktop notices of questions that come while nobody looks; they go when they are answered. */
import { useEffect, useRef } from "react";
import { ASKS } from "@/config/questions";
import { repoName } from "@/lib/format";
import { anyInSight, useInSight } from "@/lib/in-sight";
import { show, standing, type Notice } from "@/lib/notices";
import { useInbox, type Waiting } from "./use-inbox";

/** As many at once are told one by one. */
const SINGLE_MAX = 3;
/** What a name may hold to be shown where a desktop cannot tell it from its own words. */
const PLAIN = /^[\w#.@/-]{1,60}$/;

interface Shown {
  ids: readonly string[];
  close: () => void;
}

/** `open` is called with the task of a notice that was clicked, or with none for the inbox. */
export function useNotices(open: (taskId: string | null) => void): void {
  const waiting = useInbox().data;
  const known = useRef<ReadonlySet<string>>(undefined);
  const shown = useRef<Shown[]>([]);
  const latest = useRef(open);
  useInSight();
  useEffect(() => {
    latest.current = open;
  });
  useEffect(() => {
    if (!waiting) return;
    const mine = waiting.filter((one) => one.yours);
    const ids = new Set(mine.map(idOf));
    shown.current = shown.current.filter((one) => {
      const still = one.ids.some((id) => ids.has(id));
      if (!still) one.close();
      return still;
    });
    const before = known.current;
    const fresh = before ? mine.filter((one) => !before.has(idOf(one))) : [];
    known.current = ids;
    if (!fresh.length || standing() !== "on") return;
    void anyInSight().then((seen) => {
      if (!seen) shown.current.push(...told(fresh, (task) => latest.current(task)));
    });
  }, [waiting]);
}

function told(fresh: readonly Waiting[], open: (taskId: string | null) => void): Shown[] {
  if (fresh.length <= SINGLE_MAX)
    return fresh.map((one) => ({
      ids: [idOf(one)],
      close: show(noticeOf(one), () => open(one.approval.task_id)),
    }));
  const many: Notice = { title: `${fresh.length} tasks ask you`, body: "", tag: "anton-many" };
  return [{ ids: fresh.map(idOf), close: show(many, () => open(null)) }];
}

/** In our own words: what others wrote, such as a title, stands in the inbox alone. */
export function noticeOf({ approval, task }: Waiting): Notice {
  const names = [task.severity, task.ticket, repoName(task.repo)];
  return {
    title: ASKS[approval.kind],
    body: names.filter((name) => name && PLAIN.test(name)).join(" · "),
    tag: `anton-${approval.approval_id}`,
  };
}

function idOf({ approval }: Waiting): string {
  return approval.approval_id;
}
