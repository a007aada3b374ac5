/** How a task ended. No fix is a result: what is known, what was tried, what to do next. */
import { Prose } from "@/components/prose";
import { endOf } from "@/config/outcomes";
import { nodeLabel } from "@/config/nodes";
import type { Task } from "@/lib/api";
import { plural } from "@/lib/format";

export function Ending({ task }: { task: Task }) {
  if (!task.outcome) return null;
  const { title, tone } = endOf(task.outcome, task.diagnosis?.category);
  const { stopped, candidates, reason } = task;
  const tried = candidates?.tried ?? 0;
  return (
    <section className={`card ending ending-${tone}`} aria-label="Result">
      <h2>{title}</h2>
      {reason && (
        <p>
          <Prose text={reason} />
        </p>
      )}
      {stopped && (
        <>
          <dl className="facts-row">
            {stopped.at && (
              <div>
                <dt>Stopped at</dt>
                <dd>{nodeLabel(stopped.at)}</dd>
              </div>
            )}
            {tried > 0 && (
              <div>
                <dt>Tried</dt>
                <dd>{plural(tried, "candidate")}</dd>
              </div>
            )}
            {stopped.next_step && stopped.next_step !== "None." && (
              <div>
                <dt>Next step</dt>
                <dd>
                  <Prose text={stopped.next_step} />
                </dd>
              </div>
            )}
          </dl>
          {stopped.partial_patch && (
            <p>
              The best change that was found: <Prose text={stopped.partial_patch.words} />
            </p>
          )}
          {stopped.evidence.length > 0 && (
            <details>
              <summary>What is known</summary>
              <ul className="bullets">
                {stopped.evidence.map((fact) => (
                  <li key={fact}>
                    <Prose text={fact} />
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </section>
  );
}
