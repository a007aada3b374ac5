/** A task in one card: cause, fix, tests, size, risk, cost, review, confidence. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Markdown } from "@/components/markdown";
import { Prose } from "@/components/prose";
import type { Approval, Task } from "@/lib/api";
import { cost, limit, plural, words } from "@/lib/format";
import { isGreen, told } from "../api/facts";
import { caveatsOf, lineOf } from "../api/briefing";
import { Caveats } from "./caveats";
import { Confidence } from "./confidence";

/** Share of the budget from which on it is told. */
const NEARLY_SPENT = 0.8;

interface Props {
  task: Task;
  approval: Approval | null;
}

export function Summary({ task, approval }: Props) {
  const { tests, size, diagnosis } = task;
  const cause = lineOf(approval?.body, "Root cause") ?? diagnosis?.root_cause;
  const fix = lineOf(approval?.body, "Fix");
  const claims = diagnosis?.claims ?? [];
  const ci = lineOf(approval?.body, "CI");
  const first = claims.find((claim) => claim.verified !== false);
  const stand = claims.filter((claim) => claim.verified !== false).length;
  const spent = task.limit_usd ? (task.total_cost_usd ?? 0) / task.limit_usd : 0;
  const green = isGreen(tests?.after);
  return (
    <section className="card summary" aria-label="Summary">
      {approval && <Caveats caveats={caveatsOf(approval)} />}
      {cause && (
        <p>
          <strong>Root cause</strong> <Prose text={cause} />{" "}
          {first && (
            <Link
              to="/tasks/$taskId"
              params={{ taskId: task.task_id }}
              search={{ tab: "diagnosis", file: first.path, line: first.line }}
              replace
            >
              <code>
                <ForeignText text={`${first.path}:${first.line}`} />
              </code>
            </Link>
          )}{" "}
          {claims.length > 0 && (
            <span className="quiet">
              {stand} of {plural(claims.length, "claim")} verified
            </span>
          )}
        </p>
      )}
      {fix && (
        <p>
          <strong>Fix</strong> <Prose text={fix} />
        </p>
      )}
      <dl className="facts-row">
        {tests && (
          <Fact name="Tests">
            {told(tests.before)} <span aria-label="then">→</span>{" "}
            <strong className={green ? "good" : "bad"}>
              {told(tests.after)} {green ? "✓" : "✗"}
            </strong>
          </Fact>
        )}
        {size && (
          <Fact name="Size">
            {plural(size.files, "file")} <span className="added">+{size.added}</span>{" "}
            <span className="removed">−{size.deleted}</span>
          </Fact>
        )}
        {task.risk && (
          <Fact name="Risk">
            <span className={`risk-${task.risk}`}>{task.risk}</span>
          </Fact>
        )}
        <Fact name="Cost">
          <span className={spent >= NEARLY_SPENT ? "warn" : undefined}>
            {cost(task.total_cost_usd)}
            {task.limit_usd !== null && ` of ${limit(task.limit_usd)}`}
            {spent >= NEARLY_SPENT && `, ${Math.floor(spent * 100)} % spent`}
          </span>
        </Fact>
        {ci && (
          <Fact name="CI">
            <ForeignText text={ci} />
          </Fact>
        )}
        {task.review && <Fact name="Review">{words(task.review.toLowerCase())}</Fact>}
        {task.confidence !== null && (
          <Fact name="Confidence">
            <Confidence task={task} />
          </Fact>
        )}
      </dl>
      {approval?.kind === "release" && approval.body && (
        <details>
          <summary>The whole briefing</summary>
          <Markdown text={approval.body} />
        </details>
      )}
      {!cause && !tests && !task.ended_at && <p className="quiet">Nothing is known yet.</p>}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
