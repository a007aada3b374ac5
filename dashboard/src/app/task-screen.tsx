/** The task page, loaded when it is opened, joined to its address. */
import { getRouteApi } from "@tanstack/react-router";
import { TaskPage } from "@/features/tasks/components/task-page";

const task = getRouteApi("/tasks/$taskId");

export function TaskScreen() {
  const { taskId } = task.useParams();
  const navigate = task.useNavigate();
  return (
    <TaskPage
      taskId={taskId}
      place={task.useSearch()}
      onPlace={(search) => void navigate({ search, replace: true })}
    />
  );
}
