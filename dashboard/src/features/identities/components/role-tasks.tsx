/** The tasks that a role worked in lately, with what its calls cost and how they ended. */
import { Link } from "@tanstack/react-router";
import { Status } from "@/components/badges";
import { Empty, Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import { cost, plural } from "@/lib/format";
import { useRoleTasks } from "../api/use-identities";

export function RoleTasks({ role }: { role: string }) {
  const found = useRoleTasks(role);
  if (found.isPending) return <Loading what="its tasks" />;
  if (!found.data)
    return <Failed what="its tasks" error={found.error} retry={() => void found.refetch()} />;
  if (found.data.length === 0)
    return (
      <Empty title="No task yet in which it asked a model.">
        <Link to="/board">All tasks</Link>
      </Empty>
    );
  return (
    <>
      <ul className="rows">
        {found.data.map((one) => (
          <li key={one.taskId}>
            <Link to="/tasks/$taskId" params={{ taskId: one.taskId }} className="row">
              <span className="row-top">
                <code>{one.taskId.slice(0, 8)}</code>
                <Status status="open" outcome={one.outcome} />
                <span className="row-wait quiet">
                  <When at={one.lastAt} inLink />
                </span>
              </span>
              <span className="row-facts">
                <span>{plural(one.calls, "call")}</span>
                {one.failed > 0 && <span className="bad">{one.failed} failed</span>}
                <span>{cost(one.costUsd)}</span>
                <span>{one.models.join(", ")}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <p className="quiet">As far as its last 200 model calls reach.</p>
    </>
  );
}
