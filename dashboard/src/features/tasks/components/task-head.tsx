/** What task this is, and what can be done with it whatever it is at. */
import { Link } from "@tanstack/react-router";
import { Severity, Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { PullRequestLink } from "@/components/pull-request-link";
import type { Approval, Task } from "@/lib/api";
import { repoName } from "@/lib/format";
import { TaskActions } from "./task-actions";

export function TaskHead({ task, approval }: { task: Task; approval: Approval | null }) {
  return (
    <header className="task-head">
      <p className="crumbs">
        <Link to="/">Inbox</Link> <span aria-hidden="true">/</span>{" "}
        <Severity level={task.severity} /> {task.ticket && <strong>{task.ticket}</strong>}{" "}
        <code>{task.task_id.slice(0, 8)}</code>{" "}
        <span className="quiet">
          <ForeignText text={repoName(task.repo)} />
          {approval?.base_sha && (
            <>
              @<code>{approval.base_sha.slice(0, 7)}</code>
            </>
          )}{" "}
          · from {task.source}
          {approval?.kind === "release" && ` · revision ${approval.revision}`}
          {task.incident_id && (
            <>
              {" · "}
              <Link to="/incidents/$incidentId" params={{ incidentId: task.incident_id }}>
                incident
              </Link>
            </>
          )}
        </span>{" "}
        <Status status={task.status} outcome={task.outcome} />
      </p>
      <div className="task-top">
        <h1>
          <ForeignText text={task.title} />
        </h1>
        <TaskActions task={task} approval={approval} />
      </div>
      {task.branch && (
        <p>
          Branch <code>{task.branch}</code>
          {task.commit && (
            <>
              {" "}
              at <code>{task.commit.slice(0, 12)}</code>
            </>
          )}
          {task.pr_url && (
            <>
              {" · "}
              <PullRequestLink url={task.pr_url} />
            </>
          )}
        </p>
      )}
    </header>
  );
}
