/** One repair task, end to end: complete without opening a tab, and answered at the bottom. */
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Severity, Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Prose } from "@/components/prose";
import { Empty, Failed, Loading } from "@/components/states";
import { Problem, type Approval, type Task } from "@/lib/api";
import { changedLines, parseDiff } from "@/lib/diff";
import { cost, limit, plural, repoName } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import type { LineComment, Settled } from "../api/decide";
import { TABS, type Place, type Tab } from "../api/place";
import { isGreen, latest, told } from "../api/facts";
import { useApproval, useProof, useTask, useTaskEvents, type LoggedEvent } from "../api/use-task";
import { ConversationTab } from "./conversation/conversation-tab";
import { DecisionBar, DecisionOutcome } from "./decision-bar";
import { DiagnosisTab } from "./diagnosis-tab";
import { Diff } from "./diff";
import { LiveDemo } from "./live-demo";
import { Pipeline } from "./pipeline";
import { TestsTab } from "./tests-tab";
import { TimelineTab } from "./timeline-tab";

interface Props {
  taskId: string;
  place: Place;
  onPlace: (place: Place) => void;
}

export function TaskPage({ taskId, place, onPlace }: Props) {
  const found = useTask(taskId);
  const id = found.data?.task_id ?? taskId;
  const logged = useTaskEvents(id);
  const asked = useApproval(id);
  if (found.isPending) return <Loading what="the task" rows={5} />;
  if (!found.data) {
    const unknown = found.error instanceof Problem && found.error.status === 404;
    if (unknown)
      return (
        <Empty title="There is no such task.">
          <Link to="/board">All tasks</Link>
        </Empty>
      );
    return <Failed what="the task" error={found.error} retry={() => void found.refetch()} />;
  }
  return (
    <Loaded
      key={id}
      task={found.data}
      events={logged.data ?? []}
      approval={asked.data ?? null}
      trouble={asked.error ?? logged.error}
      retry={() => {
        void asked.refetch();
        void logged.refetch();
      }}
      place={place}
      onPlace={onPlace}
    />
  );
}

interface LoadedProps {
  task: Task;
  events: LoggedEvent[];
  approval: Approval | null;
  trouble: Error | null;
  retry: () => void;
  place: Place;
  onPlace: (place: Place) => void;
}

function Loaded({ task, events, approval, trouble, retry, place, onPlace }: LoadedProps) {
  const { tab = "diff" } = place;
  const onTab = (chosen: Tab) => onPlace({ ...place, tab: chosen, call: undefined });
  const [comments, setComments] = useState<LineComment[]>([]);
  const [settled, setSettled] = useState<Settled | null>(null);
  const seen = useSeen(approval);
  const panel = useRef<HTMLDivElement>(null);
  const proof = useProof(task);
  const step = (by: number) => {
    const at = TABS.indexOf(tab);
    onTab(TABS[(at + by + TABS.length) % TABS.length] ?? "diff");
  };
  useKeys({ "[": () => step(-1), "]": () => step(1) });
  const pending = approval?.state === "pending";
  return (
    <article className={pending ? "task task-asks" : "task"}>
      <Head task={task} />
      <Pipeline task={task} />
      {settled && (
        <DecisionOutcome
          settled={settled}
          prUrl={task.pr_url}
          branch={task.branch}
          onShowChange={() => {
            onTab("diff");
            panel.current?.focus();
          }}
        />
      )}
      {!settled && pending && seen.before && (
        <div className="notice notice-warn" role="status">
          <p>The patch has changed while you read: this is revision {approval.revision}.</p>
        </div>
      )}
      {trouble && <Failed what="all of the task" error={trouble} retry={retry} />}
      <Summary task={task} events={events} approval={approval} />
      {task.demo && <LiveDemo taskId={task.task_id} demo={task.demo} />}
      <div className="tabs" role="tablist" aria-label="Parts of the task">
        {TABS.map((one) => (
          <button
            key={one}
            type="button"
            role="tab"
            id={`tab-${one}`}
            aria-selected={one === tab}
            aria-controls="panel"
            tabIndex={one === tab ? 0 : -1}
            onClick={() => onTab(one)}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (by) {
                step(by);
                const next =
                  event.key === "ArrowLeft" ? "previousElementSibling" : "nextElementSibling";
                (event.currentTarget[next] as HTMLElement | null)?.focus();
              }
            }}
          >
            {one.charAt(0).toUpperCase() + one.slice(1)}
          </button>
        ))}
      </div>
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={-1} ref={panel}>
        {tab === "diff" &&
          (approval?.diff ? (
            <Diff
              diff={approval.diff}
              seenBefore={seen.before}
              comments={comments}
              onComments={pending && approval.may_decide ? setComments : undefined}
            />
          ) : (
            <Empty title={task.ended_at ? "This task has no patch." : "There is no patch yet."} />
          ))}
        {tab === "tests" && <TestsTab task={task} proof={proof.data} />}
        {tab === "diagnosis" && <DiagnosisTab diagnosis={task.diagnosis} />}
        {tab === "conversation" && (
          <ConversationTab
            task={task}
            events={events}
            chosen={place.call}
            onChoose={(call) => onPlace({ ...place, call })}
          />
        )}
        {tab === "timeline" && <TimelineTab events={events} ended={task.ended_at} />}
      </div>
      {approval && (
        <DecisionBar
          approval={approval}
          title={task.title}
          facts={facts(task)}
          branch={task.branch ?? ""}
          comments={comments}
          onSettled={(said) => {
            setSettled(said);
            if (said.kind === "decided") setComments([]);
          }}
        />
      )}
    </article>
  );
}

interface Seen {
  diff: string;
  /** Lines of the revision that was on this page before, once a newer one came. */
  before?: ReadonlySet<string>;
}

function useSeen(approval: Approval | null): Seen {
  const [seen, setSeen] = useState<Seen>({ diff: "" });
  const diff = approval?.diff ?? "";
  if (diff && diff !== seen.diff)
    setSeen({ diff, before: seen.diff ? changedLines(parseDiff(seen.diff)) : undefined });
  return seen;
}

function Head({ task }: { task: Task }) {
  const repo = repoName(task.repo);
  return (
    <header className="task-head">
      <p className="crumbs">
        <Link to="/">Inbox</Link> <span aria-hidden="true">/</span>{" "}
        <Severity level={task.severity} /> {task.ticket && <strong>{task.ticket}</strong>}{" "}
        <code>{task.task_id.slice(0, 8)}</code>{" "}
        <span className="quiet">
          <ForeignText text={repo} /> · from {task.source}
        </span>{" "}
        <Status status={task.status} outcome={task.outcome} />
      </p>
      <h1>
        <ForeignText text={task.title} />
      </h1>
      {task.outcome && task.reason && (
        <p>
          <Prose text={task.reason} />
        </p>
      )}
      {task.branch && (
        <p>
          Branch <code>{task.branch}</code>
          {task.commit && (
            <>
              {" "}
              at <code>{task.commit.slice(0, 12)}</code>
            </>
          )}
        </p>
      )}
      {task.pr_url?.startsWith("https://") && (
        <p>
          <a href={task.pr_url} rel="noreferrer" target="_blank">
            Pull request on {new URL(task.pr_url).host}
          </a>
        </p>
      )}
    </header>
  );
}

interface SummaryProps {
  task: Task;
  events: LoggedEvent[];
  approval: Approval | null;
}

function Summary({ task, events, approval }: SummaryProps) {
  const { tests, size, diagnosis } = task;
  const cause = line(approval?.body, "Root cause") ?? diagnosis?.root_cause;
  const fix = line(approval?.body, "Fix");
  const green = isGreen(tests?.after);
  const budget = latest(events, "budget")?.data?.limit_usd;
  return (
    <section className="card summary" aria-label="Summary">
      {cause && (
        <p>
          <strong>Root cause</strong> <Prose text={cause} />
        </p>
      )}
      {fix && (
        <p>
          <strong>Fix</strong> <Prose text={fix} />
        </p>
      )}
      <dl className="facts-row">
        {tests && (
          <div>
            <dt>Tests</dt>
            <dd>
              {told(tests.before)} <span aria-label="then">→</span>{" "}
              <strong className={green ? "good" : "bad"}>
                {told(tests.after)} {green ? "✓" : "✗"}
              </strong>
            </dd>
          </div>
        )}
        {size && (
          <div>
            <dt>Size</dt>
            <dd>
              {plural(size.files, "file")} <span className="added">+{size.added}</span>{" "}
              <span className="removed">−{size.deleted}</span>
            </dd>
          </div>
        )}
        {task.risk && (
          <div>
            <dt>Risk</dt>
            <dd className={`risk-${task.risk}`}>{task.risk}</dd>
          </div>
        )}
        <div>
          <dt>Cost</dt>
          <dd>
            {cost(task.total_cost_usd)}
            {typeof budget === "number" && ` of ${limit(budget)}`}
          </dd>
        </div>
        {task.review && (
          <div>
            <dt>Review</dt>
            <dd>{task.review}</dd>
          </div>
        )}
        {task.confidence !== null && (
          <div>
            <dt>Confidence</dt>
            <dd>{Math.round(task.confidence * 100)} %</dd>
          </div>
        )}
      </dl>
      {!cause && !tests && <p className="quiet">Nothing is known yet; the steps above are live.</p>}
    </section>
  );
}

/** Size, tests and risk in one line, for whoever is about to say yes. */
function facts({ size, tests, repo }: Task): string {
  return [
    size && `${plural(size.files, "file")} +${size.added} −${size.deleted}`,
    tests && `Tests: ${told(tests.after)}`,
    repoName(repo),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** One line of the briefing, as `- Root cause: …`. */
function line(body: string | undefined, name: string): string | undefined {
  const found = body?.split("\n").find((one) => one.startsWith(`- ${name}: `));
  return found?.slice(name.length + 4);
}
