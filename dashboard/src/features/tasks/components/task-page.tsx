/** One repair task, end to end: complete without opening a tab, and answered at the bottom. */
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Empty, Failed, Loading } from "@/components/states";
import { Tabs } from "@/components/tabs";
import { Problem, type Approval, type ApprovalFacts, type Task } from "@/lib/api";
import { plural, repoName } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import type { Settled } from "../api/decide";
import { told } from "../api/facts";
import { TABS, type Place, type Tab } from "../api/place";
import { useComments } from "../api/use-comments";
import { questionNow, useQuestion, useQuestions } from "../api/use-revisions";
import { useTask, useTaskEvents, type LoggedEvent } from "../api/use-task";
import { Asked } from "./asked";
import { ConversationTab } from "./conversation/conversation-tab";
import { DecisionBar } from "./decision/decision-bar";
import { DecisionOutcome } from "./decision/decision-outcome";
import { DiagnosisTab } from "./diagnosis-tab";
import { DiffTab } from "./diff-tab";
import { DocumentsTab } from "./documents-tab";
import { Ending } from "./ending";
import { FilesTab } from "./files-tab";
import { LiveDemo } from "./live-demo";
import { Pipeline } from "./pipeline";
import { reviewOf } from "./review";
import { StateLine } from "./state-line";
import { Summary } from "./summary";
import { TaskHead } from "./task-head";
import { TestsTab } from "./tests-tab";
import { TimelineTab } from "./timeline-tab";
import { Verdict } from "./verdict";
import "./task.css";

interface Props {
  taskId: string;
  place: Place;
  onPlace: (place: Place) => void;
}

export function TaskPage({ taskId, place, onPlace }: Props) {
  const found = useTask(taskId);
  const id = found.data?.task_id ?? taskId;
  const logged = useTaskEvents(id);
  const asked = useQuestions(id);
  if (found.isPending) return <Loading what="the task" rows={5} />;
  if (!found.data) {
    const unknown = found.error instanceof Problem && found.error.status === 404;
    if (unknown)
      return (
        <Empty alone title="There is no such task.">
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
      asked={asked.data ?? []}
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
  events: readonly LoggedEvent[];
  asked: readonly ApprovalFacts[];
  trouble: Error | null;
  retry: () => void;
  place: Place;
  onPlace: (place: Place) => void;
}

function Loaded({ task, events, asked, trouble, retry, place, onPlace }: LoadedProps) {
  const { tab = "diff" } = place;
  const [settled, setSettled] = useState<{ said: Settled; revision: number } | null>(null);
  const now = questionNow(asked);
  const [comments, setComments] = useComments(now?.approval_id);
  const question = useQuestion(task.task_id, now?.approval_id);
  const approval = question.data ?? null;
  const first = useFirst(now);
  const panel = useRef<HTMLDivElement>(null);
  const onTab = (chosen: Tab) => onPlace({ ...place, tab: chosen, call: undefined });
  const step = (by: number) =>
    onTab(TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length] ?? "diff");
  useKeys({ "[": () => step(-1), "]": () => step(1) });
  const pending = now?.state === "pending";
  const outcome = settled && stillTrue(settled.said, approval, now);
  const showChange = (since: number | undefined) => {
    onPlace({ tab: "diff", vs: since });
    panel.current?.focus();
  };
  return (
    <article className={pending ? "task task-asks" : "task"}>
      <TaskHead task={task} approval={approval} />
      <Pipeline task={task} />
      <StateLine task={task} events={events} />
      {outcome && (
        <DecisionOutcome
          settled={outcome}
          prUrl={task.pr_url}
          branch={task.branch}
          onShowChange={() => showChange(settled.revision)}
        />
      )}
      {!outcome && now && !pending && <Verdict asked={now} />}
      {!outcome && pending && first !== undefined && now.revision > first && (
        <div className="notice notice-warn" role="status">
          <p>The patch has changed while you read: this is revision {now.revision}.</p>
          <button type="button" onClick={() => showChange(first)}>
            Show what changed
          </button>
        </div>
      )}
      {trouble && <Failed what="all of the task" error={trouble} retry={retry} />}
      {question.isError && (
        <Failed what="the question" error={question.error} retry={() => void question.refetch()} />
      )}
      <Ending task={task} />
      {approval && <Asked approval={approval} />}
      <Summary task={task} approval={approval} />
      {task.demo && <LiveDemo taskId={task.task_id} demo={task.demo} />}
      <Tabs label="Parts of the task" tabs={TABS} chosen={tab} panel="panel" onChoose={onTab} />
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={-1} ref={panel}>
        {tab === "diff" && (
          <DiffTab
            task={task}
            asked={asked}
            now={now}
            place={place}
            onPlace={onPlace}
            comments={comments}
            onComments={setComments}
            review={reviewOf(events, now?.patch_hash)}
          />
        )}
        {tab === "tests" && <TestsTab task={task} />}
        {tab === "diagnosis" && <DiagnosisTab task={task} place={place} />}
        {tab === "conversation" && (
          <ConversationTab
            task={task}
            events={events}
            chosen={place.call}
            onChoose={(call) => onPlace({ ...place, call })}
          />
        )}
        {tab === "files" && <FilesTab task={task} />}
        {tab === "documents" && <DocumentsTab task={task} />}
        {tab === "timeline" && <TimelineTab events={events} ended={task.ended_at} />}
      </div>
      {approval && (
        <DecisionBar
          approval={approval}
          title={task.title}
          facts={facts(task)}
          branch={approval.details.branch ?? task.branch ?? ""}
          comments={comments}
          onSettled={(said, seen) => {
            setSettled({ said, revision: seen.revision });
            if (said.kind === "decided") setComments([]);
          }}
        />
      )}
    </article>
  );
}

/** What became of an answer, as it is by now; null once another question waits instead. */
function stillTrue(
  said: Settled,
  approval: Approval | null,
  now: ApprovalFacts | undefined,
): Settled | null {
  if (said.kind !== "decided") return said;
  const id = said.approval.approval_id;
  if (now?.state === "pending" && now.approval_id !== id) return null;
  return approval?.approval_id === id ? { ...said, approval } : said;
}

/** The revision of the release that this page showed first. */
function useFirst(now: ApprovalFacts | undefined): number | undefined {
  const [first, setFirst] = useState<number>();
  if (first === undefined && now?.kind === "release") setFirst(now.revision);
  return now?.kind === "release" ? first : undefined;
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
