/** Where a task stands, in one line: on a phone there is no room for all its steps. */
import { When } from "@/components/when";
import { DETOURS, nodeLabel } from "@/config/nodes";
import type { Schemas, Task } from "@/lib/api";
import type { LoggedEvent } from "../api/use-task";

type Step = Schemas["PipelineStep"];

const AT_WORK: Partial<Record<Step["state"], [mark: string, suffix: string]>> = {
  interrupted: ["◉", "waiting"],
  started: ["●", "at work"],
};

export function StateLine({ task, events }: { task: Task; events: readonly LoggedEvent[] }) {
  const steps = task.pipeline.filter(
    ({ state, node }) => state !== "pending" || !DETOURS.has(node),
  );
  const at = steps.findLast(({ state }) => AT_WORK[state]);
  if (task.ended_at || !at) return null;
  const stages = [...new Set(steps.map(({ stage }) => stage))].sort((a, b) => a - b);
  const [mark, suffix] = AT_WORK[at.state] ?? ["", ""];
  const since = events.findLast(
    ({ type, data }) => type === "node" && data.node === at.node && data.state === "started",
  );
  return (
    <p className={`state-line state-${at.state}`}>
      <span aria-hidden="true">{mark}</span> Step {stages.indexOf(at.stage) + 1} of {stages.length}{" "}
      · <strong>{nodeLabel(at.node)}</strong>
      {at.runs > 1 && `, attempt ${at.runs}`}
      {since && (
        <>
          {" "}
          · <When at={since.ts} suffix={suffix} />
        </>
      )}
    </p>
  );
}
