/** What needs a person now; a row leads to its task, and nothing is decided from here. */
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Severity } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Empty, Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import type { ApprovalFacts } from "@/lib/api";
import { cost, plural, repoName, since, words } from "@/lib/format";
import { useNow } from "@/lib/clock";
import { useKeys } from "@/lib/keys";
import { useCounts, useDecided, useInbox, type Waiting } from "../api/use-inbox";

const KINDS: Record<string, string> = {
  release: "Release",
  protected_path: "Protected path",
  escalation: "Stuck",
  budget: "Budget",
  clarify: "Question",
  start: "Start",
};

export function Inbox() {
  const [decided, setDecided] = useState(false);
  const waiting = useInbox();
  const list = useRef<HTMLUListElement>(null);
  const move = (by: number) => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("a.row") ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const count = waiting.data?.length;
  return (
    <>
      <div className="page-head">
        <h1>{count ? `Needs you` : "Inbox"}</h1>
        {count ? <span className="count">{count}</span> : null}
        <div className="segments" role="group" aria-label="Which questions">
          <button type="button" aria-pressed={!decided} onClick={() => setDecided(false)}>
            Waiting
          </button>
          <button type="button" aria-pressed={decided} onClick={() => setDecided(true)}>
            Decided
          </button>
        </div>
      </div>
      {decided ? (
        <Decided />
      ) : waiting.isPending ? (
        <Loading what="the inbox" />
      ) : waiting.isError && !waiting.data ? (
        <Failed what="the inbox" error={waiting.error} retry={() => void waiting.refetch()} />
      ) : waiting.data.length === 0 ? (
        <Nothing />
      ) : (
        <ul className="rows" ref={list}>
          {waiting.data.map((one) => (
            <Row key={one.approval.approval_id} {...one} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ approval, task }: Waiting) {
  const now = useNow();
  const left = since(new Date(now).toISOString(), Date.parse(approval.expires_at));
  const [kind, title] = [KINDS[approval.kind] ?? words(approval.kind), task?.title];
  return (
    <li>
      <Link to="/tasks/$taskId" params={{ taskId: approval.task_id }} className="row">
        <span className="row-top">
          <Severity level={task?.severity ?? null} />
          <strong>{kind}</strong>
          <span className="quiet">
            {task?.ticket ? `${task.ticket} · ` : ""}
            {repoName(task?.repo ?? "")}
          </span>
          <span className="row-wait">
            <When at={approval.created_at} suffix="waiting" />
            <span className="quiet"> · {left} left</span>
          </span>
        </span>
        <span className="row-title">
          <ForeignText text={title ?? approval.title} />
        </span>
        {task && (
          <span className="row-facts">
            {task.tests_passing !== null && (
              <span className={task.tests_passing ? "good" : "bad"}>
                {task.tests_passing ? "✓ Tests pass" : "✗ Tests fail"}
              </span>
            )}
            {size(task.size)}
            <span>Risk {approval.risk}</span>
            <span>{cost(task.total_cost_usd)}</span>
            {task.confidence !== null && (
              <span>Confidence {Math.round(task.confidence * 100)} %</span>
            )}
            {approval.voices_needed > 1 && (
              <span>
                {approval.voices.length} of {approval.voices_needed} approvals
              </span>
            )}
          </span>
        )}
      </Link>
    </li>
  );
}

function size(facts: Record<string, unknown> | null) {
  if (!facts) return null;
  return (
    <span>
      {plural(Number(facts.files), "file")} <span className="added">+{Number(facts.added)}</span>{" "}
      <span className="removed">−{Number(facts.deleted)}</span>
    </span>
  );
}

function Nothing() {
  const running = useCounts().data;
  return (
    <Empty title="Nothing needs you.">
      <p>
        {running ? `${plural(running, "task is", "tasks are")} running. ` : "No task is running. "}
        <Link to="/new">Report a fault</Link> or look at the <Link to="/board">board</Link>.
      </p>
    </Empty>
  );
}

function Decided() {
  const decided = useDecided(true);
  if (decided.isPending) return <Loading what="decisions" />;
  if (decided.isError)
    return <Failed what="decisions" error={decided.error} retry={() => void decided.refetch()} />;
  if (!decided.data.length) return <Empty title="Nothing was decided yet." />;
  return (
    <ul className="rows">
      {decided.data.map((one) => (
        <li key={one.approval_id}>
          <Link to="/tasks/$taskId" params={{ taskId: one.task_id }} className="row">
            <span className="row-top">
              <strong>{words(one.state)}</strong>
              <span className="quiet">{verdictOf(one)}</span>
              <span className="row-wait quiet">
                <When at={one.decided_at ?? one.created_at} />
              </span>
            </span>
            <span className="row-title">
              <ForeignText text={one.title} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function verdictOf({ decision, void_reason }: ApprovalFacts): string {
  if (decision) return `by ${decision.by} in ${decision.channel}`;
  return void_reason ?? "";
}
