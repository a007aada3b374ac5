/** All that was said between Anton and the models, as it comes, or once more. */
import { useEffect, useMemo, useRef, useState } from "react";
import { Empty, Failed, Loading } from "@/components/states";
import type { Task } from "@/lib/api";
import { useNow } from "@/lib/clock";
import { cost, plural } from "@/lib/format";
import { useWatch } from "@/lib/live";
import { given } from "../../api/replay";
import { callsBegun, unlogged, useCalls, type Begun, type Call } from "../../api/use-calls";
import type { LoggedEvent } from "../../api/use-task";
import { CallCard } from "./call-card";
import { LiveCard } from "./live-card";
import { ReplayBar } from "./replay-bar";
import { useReplay } from "./use-replay";
import "./conversation.css";

const WINDOW = 40;

interface Props {
  task: Task;
  events: readonly LoggedEvent[];
  /** The call that the address names. */
  chosen?: string;
  onChoose: (call: string) => void;
}

export function ConversationTab({ task, events, chosen, onChoose }: Props) {
  const running = task.status === "running";
  useWatch(task.task_id, running);
  const begun = useMemo(() => callsBegun(events), [events]);
  const now = useNow();
  const known = useCalls(task, begun);
  const calls = useMemo(() => known.data?.calls ?? [], [known.data]);
  const lengths = useMemo(() => calls.map((call) => call.latency_ms), [calls]);
  const player = useReplay(lengths);
  const at = player.replay && Math.min(player.replay.at, calls.length - 1);
  const current = at === null ? undefined : calls[at]?.id;
  useEffect(() => {
    if (current) document.getElementById(`call-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);
  if (known.isPending) return <Loading what="the conversation" />;
  if (!known.data)
    return (
      <Failed what="the conversation" error={known.error} retry={() => void known.refetch()} />
    );
  const live = unlogged(begun, calls, running, now);
  if (!calls.length && !live.length) return <Silence task={task} />;
  return (
    <>
      <div className={player.replay ? "talk-head talk-replayed" : "talk-head"}>
        <Totals calls={calls} />
        {task.ended_at && calls.length > 0 && <ReplayBar player={player} count={calls.length} />}
      </div>
      {calls.some((call) => call.forgotten) && (
        <p className="notice notice-warn">
          What was said some time ago is no longer kept; its figures are.
        </p>
      )}
      <Cards
        task={task}
        calls={player.replay ? calls.slice(0, player.replay.at + 1) : calls}
        shareOf={(at) => {
          const { replay } = player;
          const last = replay && at === replay.at ? calls[at] : undefined;
          return replay && last ? shareNow(given(replay, last.latency_ms)) : 1;
        }}
        live={live}
        chosen={chosen}
        onChoose={onChoose}
      />
      <Status calls={calls} live={live} />
    </>
  );
}

/** Whoever wants less motion gets the answer at once, when its first word comes. */
function shareNow(share: number): number {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return still && share > 0 ? 1 : share;
}

interface CardsProps {
  task: Task;
  calls: readonly Call[];
  shareOf: (at: number) => number;
  live: readonly Begun[];
  chosen?: string;
  onChoose: (call: string) => void;
}

/** The latest calls; earlier ones are put in when they are asked for, or linked to. */
function Cards({ task, calls, shareOf, live, chosen, onChoose }: CardsProps) {
  const [more, setMore] = useState(0);
  const wanted = chosen ? calls.findIndex((call) => call.id === chosen) : -1;
  const least = Math.max(0, calls.length - WINDOW - more);
  const first = wanted >= 0 ? Math.min(least, Math.max(0, wanted - 2)) : least;
  const shown = useRef("");
  useEffect(() => {
    if (!chosen || wanted < 0 || shown.current === chosen) return;
    shown.current = chosen;
    document.getElementById(`call-${chosen}`)?.scrollIntoView({ block: "center" });
  }, [chosen, wanted]);
  return (
    <div role="log" aria-live="off" aria-label="Conversation" className="talk">
      {first > 0 && (
        <button type="button" onClick={() => setMore(calls.length - first)}>
          Show {Math.min(WINDOW, first)} earlier of {first}
        </button>
      )}
      {calls.slice(first).map((call, at) => (
        <CallCard
          key={call.id}
          call={call}
          taskId={task.task_id}
          chosen={call.id === chosen}
          onChoose={() => onChoose(call.id)}
          share={shareOf(first + at)}
        />
      ))}
      {live.map((call) => (
        <LiveCard key={call.id} call={call} />
      ))}
      {chosen && wanted < 0 && !live.some((one) => one.id === chosen) && (
        <p className="notice notice-warn">The call that the address names is not in this task.</p>
      )}
    </div>
  );
}

function Totals({ calls }: { calls: readonly Call[] }) {
  const tokens = calls.reduce((sum, call) => sum + call.tokens_in + call.tokens_out, 0);
  const unknown = calls.filter((call) => call.cost_usd === null).length;
  const known = calls.reduce((sum, call) => sum + (call.cost_usd ?? 0), 0);
  return (
    <p>
      <strong>{plural(calls.length, "model call")}</strong> · {tokens.toLocaleString()} tokens ·{" "}
      {unknown === calls.length && unknown > 0 ? cost(null) : cost(known)}
      {unknown > 0 && unknown < calls.length && (
        <span className="quiet"> and {plural(unknown, "call")} of unknown price</span>
      )}
    </p>
  );
}

function Silence({ task }: { task: Task }) {
  if (task.ended_at || task.status === "waiting_for_input")
    return (
      <Empty title="No model was asked.">
        <p>The steps of this task worked by rules, tests and search alone.</p>
      </Empty>
    );
  return <Empty title="No model was asked yet." />;
}

/** One line for screen readers, at boundaries only. */
function Status({ calls, live }: { calls: readonly Call[]; live: readonly Begun[] }) {
  const [latest, last] = [live.at(-1), calls.at(-1)];
  const said = latest
    ? `${latest.role}: asking ${latest.model}`
    : last
      ? `${last.role}: ${last.success ? "answered" : "no answer"}`
      : "";
  return (
    <p role="status" className="visually-hidden">
      {said}
    </p>
  );
}
