/** A confidence, and on demand what people did with fixes that were rated like it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api, type Schemas, type Task } from "@/lib/api";
import { plural } from "@/lib/format";

type History = Schemas["ConfidenceView"];

export function Confidence({ task }: { task: Task }) {
  const [open, setOpen] = useState(false);
  const history = useQuery({
    queryKey: ["confidence", task.task_id, task.confidence],
    enabled: open,
    queryFn: (): Promise<History> =>
      answerOf(api.GET("/tasks/{ref}/confidence", { params: { path: { ref: task.task_id } } })),
  });
  if (task.confidence === null) return null;
  return (
    <>
      {Math.round(task.confidence * 100)} %{" "}
      <button type="button" className="why" aria-expanded={open} onClick={() => setOpen(!open)}>
        why?
      </button>
      {open && (
        <span role="status" className="why-told">
          {history.data
            ? told(history.data)
            : history.isError
              ? "The history could not be loaded."
              : "Looking back…"}
        </span>
      )}
    </>
  );
}

export function told({ at_least: least, below, fixes, accepted, enough }: History): string {
  const class_ =
    below === null ? `${percent(least)} or more` : `${percent(least)} to ${percent(below)}`;
  if (!enough)
    return `Not enough history: ${plural(fixes, "fix", "fixes")} rated ${class_} ${fixes === 1 ? "was" : "were"} decided so far.`;
  return `Of ${fixes} fixes rated ${class_}, ${accepted} were accepted.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
