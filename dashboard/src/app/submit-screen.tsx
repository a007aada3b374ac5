/** The form of a report; what was begun is looked at next. */
import { useNavigate } from "@tanstack/react-router";
import { Submit } from "@/features/tasks/components/submit";

export function SubmitScreen() {
  const navigate = useNavigate();
  return (
    <Submit onBegun={(taskId) => void navigate({ to: "/tasks/$taskId", params: { taskId } })} />
  );
}
