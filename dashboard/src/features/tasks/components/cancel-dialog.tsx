/** Cancelling takes two steps, and names what is cancelled. */
import { ForeignText } from "@/components/foreign-text";
import { Dialog } from "@/components/dialog";
import type { Task } from "@/lib/api";
import { trouble, useCancel } from "../api/send";

export function CancelDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const cancel = useCancel(task.task_id);
  const name = task.ticket ?? task.task_id.slice(0, 8);
  return (
    <Dialog title={`Cancel ${name}?`} onClose={onClose}>
      <p>
        <strong>
          <ForeignText text={task.title} />
        </strong>
      </p>
      <p>The task ends here: its sandbox closes and its questions are void. Its branch is kept.</p>
      {cancel.error && (
        <p role="alert" className="trouble">
          {trouble(cancel.error)}
        </p>
      )}
      <div className="buttons">
        <button type="button" data-first onClick={onClose}>
          Let it go on
        </button>
        <button
          type="button"
          className="danger"
          disabled={cancel.isPending}
          onClick={() => cancel.mutate(undefined, { onSuccess: onClose })}
        >
          {cancel.isPending ? "Sending…" : `Cancel ${name}`}
        </button>
      </div>
    </Dialog>
  );
}
