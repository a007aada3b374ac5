/** The steps of a task as the server drew them, and how far each is; branches stand side by side. */
import { DETOURS, nodeLabel } from "@/config/nodes";
import type { Schemas, Task } from "@/lib/api";
import { duration } from "@/lib/format";

type Step = Schemas["PipelineStep"];

const MARKS: Record<Step["state"], [mark: string, said: string]> = {
  finished: ["✓", "done"],
  started: ["●", "running"],
  failed: ["✗", "failed"],
  interrupted: ["◉", "waits for a person"],
  skipped: ["–", "skipped"],
  pending: ["", "not yet"],
};

export function Pipeline({ task }: { task: Task }) {
  const forgotten = task.pipeline.every((step) => step.state === "pending");
  if (task.started_at && task.ended_at && forgotten)
    return <p className="quiet">Its steps are no longer kept.</p>;
  const stages = new Map<number, Step[]>();
  for (const step of task.pipeline)
    if (step.state !== "pending" || !DETOURS.has(step.node))
      stages.set(step.stage, [...(stages.get(step.stage) ?? []), step]);
  return (
    <ol className="pipeline" aria-label="Steps">
      {[...stages].map(([stage, steps]) =>
        steps.length === 1 && steps[0] ? (
          <StepMark key={stage} step={steps[0]} />
        ) : (
          <li key={stage} className="branches">
            <ul aria-label="Side by side">
              {steps.map((step) => (
                <StepMark key={step.node} step={step} />
              ))}
            </ul>
          </li>
        ),
      )}
    </ol>
  );
}

function StepMark({ step: { node, state, runs, ms } }: { step: Step }) {
  const [mark, said] = MARKS[state];
  return (
    <li className={`step step-${state}`}>
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
}
