/** What needs a person now; a row leads to its task, and nothing is decided from here. */
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { Severity } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Empty, Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import { KINDS } from "@/config/questions";
import type { ApprovalFacts } from "@/lib/api";
import { cost, limit, plural, repoName, since, words } from "@/lib/format";
import { useNow } from "@/lib/clock";
import { useKeys } from "@/lib/keys";
import { moveFocus } from "@/lib/rows";
import { isGreen, told } from "@/lib/runs";
import { useDecided, useInbox, useOverview, type Waiting } from "../api/use-inbox";
import { Strip } from "./strip";
import { useSteady } from "./use-steady";
import "./inbox.css";

/** How soon a question expires that nobody answers, to be told loudly. */
const HURRY_MS = 6 * 3_600_000;
const TABS = [
  ["mine", "Mine"],
  ["all", "All"],
  ["decided", "Decided"],
] as const;
export type Tab = (typeof TABS)[number][0];

interface Props {
  tab: Tab;
  onTab: (tab: Tab) => void;
}

export function Inbox({ tab, onTab }: Props) {
  const waiting = useInbox();
  const shown = tab === "mine" ? waiting.data?.filter((one) => one.yours) : waiting.data;
  const steady = useSteady(shown, tab);
  const list = useRef<HTMLUListElement>(null);
  const move = (by: number) => moveFocus(list.current, "a.row", by);
  useKeys({ j: () => move(1), k: () => move(-1) });
  const count = tab === "decided" ? 0 : shown?.length;
  return (
    <>
      <Strip />
      <div className="page-head">
        <h1>{tab === "decided" ? "Decided" : count ? "Needs you" : "Inbox"}</h1>
        {count ? <span className="count">{count}</span> : null}
        <div className="segments" role="group" aria-label="Which questions">
          {TABS.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-pressed={tab === name}
              onClick={() => onTab(name)}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
      {tab === "decided" ? (
        <Decided />
      ) : waiting.isPending ? (
        <Loading what="the inbox" />
      ) : waiting.isError && !waiting.data ? (
        <Failed what="the inbox" error={waiting.error} retry={() => void waiting.refetch()} />
      ) : steady.rows.length === 0 ? (
        <Nothing others={tab === "mine" ? (waiting.data?.length ?? 0) : 0} />
      ) : (
        <>
          <div className="fresh" role="status">
            {steady.fresh > 0 && (
              <button type="button" onClick={steady.show}>
                ↑ {steady.fresh} new — show
              </button>
            )}
          </div>
          <ul className="rows" ref={list}>
            {steady.rows.map(({ item, settled }) => (
              <Row key={item.approval.approval_id} {...item} settled={settled} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Row({ approval, task, limit_usd, due_at, settled }: Waiting & { settled: boolean }) {
  const now = useNow();
  const left = since(new Date(now).toISOString(), Date.parse(approval.expires_at));
  const hurry = Date.parse(approval.expires_at) - now < HURRY_MS;
  const late = now > Date.parse(due_at);
  const kind = KINDS[approval.kind];
  return (
    <li>
      <Link
        to="/tasks/$taskId"
        params={{ taskId: approval.task_id }}
        className={settled ? "row row-settled" : "row"}
      >
        <span className="row-top">
          <Severity level={task.severity} />
          <strong>{kind}</strong>
          <span className="quiet">
            {task.ticket ? `${task.ticket} · ` : ""}
            {repoName(task.repo)}
          </span>
          <span className="row-wait">
            {settled ? (
              "Answered meanwhile"
            ) : (
              <>
                <span className={late ? "warn" : undefined}>
                  {late && <span aria-label="too long">⚠ </span>}
                  <When at={approval.created_at} suffix="waiting" inLink />
                </span>
                <span className={hurry ? "warn" : "quiet"}> · {left} left</span>
              </>
            )}
          </span>
        </span>
        <span className="row-title">
          <ForeignText text={approval.kind === "clarify" ? approval.title : task.title} />
        </span>
        <span className="row-facts">
          <Tests tests={task.tests} />
          {task.size && (
            <span>
              {plural(task.size.files, "file")} <span className="added">+{task.size.added}</span>{" "}
              <span className="removed">−{task.size.deleted}</span>
            </span>
          )}
          <span>Risk {approval.risk}</span>
          <span>
            {cost(task.total_cost_usd)}
            {limit_usd !== null && ` of ${limit(limit_usd)}`}
          </span>
          {task.confidence !== null && (
            <span>Confidence {Math.round(task.confidence * 100)} %</span>
          )}
          {approval.details.unproven && <span className="warn">⚠ Missing proof</span>}
          {approval.details.protected && <span className="warn">⚠ Protected files</span>}
          {approval.voices_needed > 1 && (
            <span>
              {approval.voices.length} of {approval.voices_needed} approvals
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}

/** Before → after; an after with a failure is not green, whatever passed. */
function Tests({ tests }: { tests: Waiting["task"]["tests"] }) {
  if (!tests) return null;
  const { before, after } = tests;
  return (
    <span>
      Tests {told(before)} <span aria-label="then">→</span>{" "}
      <span className={after ? (isGreen(after) ? "good" : "bad") : ""}>
        {told(after)} {after && (isGreen(after) ? "✓" : "✗")}
      </span>
    </span>
  );
}

function Nothing({ others }: { others: number }) {
  const running = useOverview().data?.tasks.running ?? 0;
  if (others)
    return (
      <Empty title="Nothing needs you.">
        <p>{plural(others, "question waits", "questions wait")} for others: see All.</p>
      </Empty>
    );
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
              <span className="quiet">
                <ForeignText text={verdictOf(one)} />
              </span>
              <span className="row-wait quiet">
                <When at={one.decided_at ?? one.created_at} inLink />
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
