/** Tasks as a table that sorts; of a long one only the rows in sight are in the page. */
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Severity, Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import { nodeLabel } from "@/config/nodes";
import { cost, repoName } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import { moveFocus } from "@/lib/rows";
import type { Brief } from "../api/use-board";

const PLAIN_MAX = 200;
const ROW_PX = 66;
/** What stands above the first row, about; as many rows more than fit it are drawn. */
const ABOVE_PX = 240;
const OVERSCAN = 12;
const COLUMNS = [
  ["severity", "Severity"],
  ["title", "Task"],
  ["status", "Status"],
  ["node", "Step"],
  ["cost", "Cost"],
  ["begun", "Begun"],
] as const;

interface Props {
  tasks: readonly Brief[];
  sort: string;
  onSort: (sort: string) => void;
}

export function TaskTable({ tasks, sort, onSort }: Props) {
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (by: number) => moveFocus(body.current, "a", by);
  useKeys({ j: () => move(1), k: () => move(-1) });
  return (
    <table className="board task-table" aria-rowcount={tasks.length + 1}>
      <caption className="visually-hidden">Tasks</caption>
      <thead>
        <tr>
          {COLUMNS.map(([name, label]) => (
            <Heading key={name} {...{ name, label, sort, onSort }} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {tasks.length > PLAIN_MAX ? (
          <InSight tasks={tasks} />
        ) : (
          tasks.map((task, at) => <Row key={task.task_id} task={task} at={at} />)
        )}
      </tbody>
    </table>
  );
}

interface HeadingProps {
  name: string;
  label: string;
  sort: string;
  onSort: (sort: string) => void;
}

function Heading({ name, label, sort, onSort }: HeadingProps) {
  const down = sort === `-${name}`;
  const order = down ? "descending" : sort === name ? "ascending" : undefined;
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" onClick={() => onSort(order === "ascending" ? `-${name}` : name)}>
        {label}
        <span aria-hidden="true">{order ? (down ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}

/** The rows in sight, between two empty ones that are as high as those above and below. */
function InSight({ tasks }: { tasks: readonly Brief[] }) {
  const rows = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: ABOVE_PX,
  });
  const items = rows.getVirtualItems();
  const [first, last] = [items[0], items.at(-1)];
  const above = first ? first.start - ABOVE_PX : 0;
  const below = last ? rows.getTotalSize() - (last.end - ABOVE_PX) : 0;
  return (
    <>
      <Gap height={above} />
      {items.map(({ index, key }) => {
        const task = tasks[index];
        return task && <Row key={key} task={task} at={index} measure={rows.measureElement} />;
      })}
      <Gap height={below} />
    </>
  );
}

function Gap({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr className="gap" aria-hidden="true">
      <td colSpan={COLUMNS.length} style={{ height }} />
    </tr>
  );
}

interface RowProps {
  task: Brief;
  at: number;
  measure?: (row: Element | null) => void;
}

function Row({ task, at, measure }: RowProps) {
  return (
    <tr ref={measure} data-index={at} aria-rowindex={at + 2}>
      <td>
        {task.severity ? (
          <Severity level={task.severity} />
        ) : (
          <span className="quiet unknown">{task.outcome ? "–" : "Not yet known"}</span>
        )}
      </td>
      <td>
        <Link to="/tasks/$taskId" params={{ taskId: task.task_id }}>
          <ForeignText text={task.title} />
        </Link>
        <span className="quiet board-sub">
          {task.ticket && `${task.ticket} · `}
          {repoName(task.repo)} · {task.source}
        </span>
      </td>
      <td>
        <Status status={task.status} outcome={task.outcome} />
      </td>
      <td data-label="Step">{task.node ? nodeLabel(task.node) : "–"}</td>
      <td data-label="Cost">{cost(task.cost_usd)}</td>
      <td data-label="Begun">
        <When at={task.created_at} inLink />
      </td>
    </tr>
  );
}
