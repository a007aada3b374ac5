/** Whether a role is at work, and in which tasks. */
import { Link } from "@tanstack/react-router";
import type { TaskAtWork } from "@/lib/use-at-work";

export function Working({ tasks }: { tasks: readonly TaskAtWork[] }) {
  if (tasks.length === 0) return <span className="status status-plain">Idle</span>;
  return (
    <span className="working">
      <span className="status status-busy">Running</span>
      {tasks.map(({ task }) => (
        <Link key={task.task_id} to="/tasks/$taskId" params={{ taskId: task.task_id }}>
          {task.ticket ?? task.task_id.slice(0, 8)}
        </Link>
      ))}
    </span>
  );
}
