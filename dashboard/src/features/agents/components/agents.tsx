/** Who is at work now: tasks, the roles in them, the model calls of those; live from events. */
import { Link } from "@tanstack/react-router";
import { Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Empty, Failed, Loading } from "@/components/states";
import { Timed, When } from "@/components/when";
import { nodeLabel } from "@/config/nodes";
import type { TaskFacts } from "@/lib/api";
import type { Call, RoleAtWork } from "@/lib/at-work";
import { useNow } from "@/lib/clock";
import { cost, plural, repoName, since } from "@/lib/format";
import { useAtWork, type TaskAtWork } from "@/lib/use-at-work";
import { useOpenTasks } from "../api/use-open-tasks";
import "./agents.css";

const SECOND_MS = 1_000;

interface Props {
  /** `task8` or `task8/role`, to look at these alone; empty for all. */
  path: string;
}

export function Agents({ path }: Props) {
  const { running, atWork } = useAtWork();
  const shown = atWork.filter((one) => fits(one, path));
  const roles = atWork.reduce((sum, { work }) => sum + (work?.roles.length ?? 0), 0);
  return (
    <>
      <div className="page-head">
        <h1>Agents</h1>
        <p className="page-note quiet">
          {atWork.length > 0 &&
            `${plural(roles, "role")} at work in ${plural(atWork.length, "task")}. `}
          <Link to="/identities">Who they are</Link>
        </p>
      </div>
      {path && (
        <p className="notice notice-plain">
          Only <code>{path}</code>.{" "}
          <Link to="/agents" search={{}}>
            Show all
          </Link>
        </p>
      )}
      {running.isPending ? (
        <Loading what="who is at work" />
      ) : !running.data ? (
        <Failed what="who is at work" error={running.error} retry={() => void running.refetch()} />
      ) : shown.length === 0 ? (
        <Empty title={path ? "Nobody is at work there now." : "Nobody is at work."}>
          <p>
            <Link to="/new">Report a fault</Link>, or look at the <Link to="/board">board</Link>.
          </p>
        </Empty>
      ) : (
        <ul className="rows" aria-label="Tasks at work">
          {shown.map((one) => (
            <li key={one.task.task_id}>
              <AtWork at={one} only={path.split("/")[1] ?? ""} />
            </li>
          ))}
        </ul>
      )}
      {!path && (
        <>
          <Open status="waiting_for_input" title="Waiting for people" />
          <Open status="queued" title="Waiting their turn" />
        </>
      )}
    </>
  );
}

function fits({ task, work }: TaskAtWork, path: string): boolean {
  const [wanted = "", role] = path.split("/");
  if (!task.task_id.startsWith(wanted)) return false;
  return !role || Boolean(work?.roles.some((one) => one.role === role));
}

function AtWork({ at: { task, work }, only }: { at: TaskAtWork; only: string }) {
  const now = useNow(SECOND_MS);
  const roles = work?.roles.filter((one) => !only || one.role === only) ?? [];
  const busy = new Set(roles.map((one) => one.node));
  const steps = only ? [] : (work?.steps.filter((one) => !busy.has(one.node)) ?? []);
  return (
    <article className="card at-work">
      <header>
        <Status status={task.status} />
        <TaskLink task={task} />
        <span className="row-wait quiet">
          {cost(task.total_cost_usd)} · since{" "}
          <Timed at={task.started_at ?? task.created_at}>
            {since(task.started_at ?? task.created_at, now)}
          </Timed>
        </span>
      </header>
      {task.reason && (
        <p className="quiet">
          <ForeignText text={task.reason} />
        </p>
      )}
      {!work ? (
        <Loading what="its roles" rows={1} />
      ) : (
        <ul className="branches">
          {roles.map((one) => (
            <RoleLine key={one.role} one={one} task={task} now={now} />
          ))}
          {steps.map(({ node, since: begun }) => (
            <li key={node} className="branch">
              <span className="branch-head">
                <strong>{nodeLabel(node)}</strong>
                <span className="quiet">no role, our own step · {since(begun, now)}</span>
              </span>
            </li>
          ))}
          {roles.length + steps.length === 0 && <li className="quiet">Between two steps.</li>}
        </ul>
      )}
    </article>
  );
}

interface RoleLineProps {
  one: RoleAtWork;
  task: TaskFacts;
  now: number;
}

function RoleLine({ one, task, now }: RoleLineProps) {
  return (
    <li className="branch">
      <span className="branch-head">
        <span className="dot dot-busy" aria-hidden="true" />
        <Link to="/agents" search={{ path: `${task.task_id.slice(0, 8)}/${one.role}` }}>
          {one.role}
        </Link>
        <span className="quiet">
          {one.node && `in ${nodeLabel(one.node)}`}
          {one.by && (
            <>
              {" "}
              by <code>{one.by}</code>
            </>
          )}{" "}
          · {since(one.since, now)}
          {one.done > 0 && ` · ${plural(one.done, "call")} back · ${cost(one.costUsd)}`}
        </span>
      </span>
      {one.calls.length > 0 && (
        <ul className="calls">
          {one.calls.map((call) => (
            <CallLine key={call.id} call={call} task={task} now={now} />
          ))}
        </ul>
      )}
    </li>
  );
}

interface CallLineProps {
  call: Call;
  task: TaskFacts;
  now: number;
}

function CallLine({ call, task, now }: CallLineProps) {
  return (
    <li className="call">
      <span className="thinking">Thinking…</span> <code>{call.model}</code>{" "}
      <span className="quiet">
        {since(call.since, now)}
        {call.attempt > 1 && ` · attempt ${call.attempt}`}
      </span>{" "}
      <Link
        to="/tasks/$taskId"
        params={{ taskId: task.task_id }}
        search={{ tab: "conversation", call: `${call.id}-${call.attempt}` }}
      >
        Listen in
      </Link>
      {call.preview && (
        <details>
          <summary>What it was asked</summary>
          <p className="call-preview">
            <ForeignText text={call.preview} />
          </p>
        </details>
      )}
    </li>
  );
}

function TaskLink({ task }: { task: TaskFacts }) {
  return (
    <span className="at-work-title">
      <Link to="/tasks/$taskId" params={{ taskId: task.task_id }}>
        <ForeignText text={task.title} />
      </Link>
      <span className="quiet">
        {task.ticket && `${task.ticket} · `}
        <code>{task.task_id.slice(0, 8)}</code> · {repoName(task.repo)}
      </span>
    </span>
  );
}

function Open({ status, title }: { status: "waiting_for_input" | "queued"; title: string }) {
  const found = useOpenTasks(status);
  if (!found.data)
    return found.isError ? (
      <Failed what={title.toLowerCase()} error={found.error} retry={() => void found.refetch()} />
    ) : null;
  if (found.data.length === 0) return null;
  return (
    <section className="open-tasks" aria-label={title}>
      <h2>
        {title} <span className="quiet">{found.data.length}</span>
      </h2>
      <ul className="rows">
        {found.data.map((task) => (
          <li key={task.task_id} className="card at-work">
            <header>
              <Status status={task.status} />
              <TaskLink task={task} />
              <span className="row-wait quiet">
                {cost(task.total_cost_usd)} · <When at={task.updated_at} suffix="" />
              </span>
            </header>
          </li>
        ))}
      </ul>
    </section>
  );
}
