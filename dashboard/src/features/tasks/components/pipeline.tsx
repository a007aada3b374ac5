/** The steps of a task as the server drew them, and how far each is. */
import { DETOURS, nodeLabel } from "@/config/nodes";
import type { Task } from "@/lib/api";
import { duration } from "@/lib/format";

const MARKS: Record<string, [mark: string, said: string]> = {
  finished: ["✓", "done"],
  started: ["●", "running"],
  failed: ["✗", "failed"],
  interrupted: ["◉", "waits for a person"],
  skipped: ["–", "skipped"],
  pending: ["", "not yet"],
};

export function Pipeline({ task }: { task: Task }) {
  const steps = task.pipeline.filter((step) => step.state !== "pending" || !DETOURS.has(step.node));
  return (
    <ol className="pipeline" aria-label="Steps">
      {steps.map(({ node, state, runs, ms }) => {
        const [mark, said] = MARKS[state] ?? ["?", state];
        return (
          <li key={node} className={`step step-${state}`}>
            <span aria-hidden="true" className="step-mark">
              {mark}
            </span>
            <span className="step-name">{nodeLabel(node)}</span>
            <span className="visually-hidden">, {said}</span>
            {runs > 1 && <span className="quiet"> ×{runs}</span>}
            {state === "finished" && typeof ms === "number" && ms >= 1000 && (
              <span className="quiet"> {duration(ms)}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
