/** How long it takes from a report to a pull request, and who had the time. */
import { Link } from "@tanstack/react-router";
import { duration } from "@/lib/format";
import type { Stats } from "../api/use-stats";
import { Bars } from "./bars";
import { Card, Table } from "./card";

const WHOSE = [
  ["model", "Models"],
  ["tool", "Tests, tools"],
  ["human", "People"],
  ["queue", "Queue"],
  ["other", "The rest"],
] as const;

const seconds = (value: number | null) => (value === null ? "none" : duration(value * 1_000));

export function PaceCard({ pace }: { pace: Stats["time_to_pr"] }) {
  const { time_to_pr: time, split, reached, tasks, slowest } = pace;
  const rows = WHOSE.map(([whose, label]) => ({
    label,
    values: { "half of them": split[whose].p50_s ?? 0, "19 of 20": split[whose].p95_s ?? 0 },
  }));
  return (
    <Card
      wide
      question="How long does it take to a pull request?"
      answer={
        reached ? (
          <>
            {seconds(time.p50_s)} <span className="quiet">half of them</span> ·{" "}
            {seconds(time.p95_s)} <span className="quiet">19 of 20</span>
          </>
        ) : (
          "No pull request yet"
        )
      }
      note={
        <>
          {reached} of {tasks} tasks that ended reached one.
          {slowest.length > 0 && (
            <span className="slowest">
              {" "}
              Slowest:
              {slowest.map((one) => (
                <Link key={one.task_id} to="/tasks/$taskId" params={{ taskId: one.task_id }}>
                  {one.task_id.slice(0, 8)} ({seconds(one.pr_s)})
                </Link>
              ))}
            </span>
          )}
        </>
      }
      table={
        <Table
          caption="Time to a pull request, by who had it"
          head={["Who", "Half of them (p50)", "19 of 20 (p95)"]}
          rows={[
            ["All", seconds(time.p50_s), seconds(time.p95_s)],
            ...WHOSE.map(([whose, label]) => [
              label,
              seconds(split[whose].p50_s),
              seconds(split[whose].p95_s),
            ]),
          ]}
        />
      }
    >
      {reached > 0 && (
        <Bars
          lying
          stacked={false}
          label="Time to a pull request, by who had it"
          series={{ names: ["half of them", "19 of 20"], rows }}
          shown={(value) => (value ? duration(value * 1_000) : "0")}
        />
      )}
    </Card>
  );
}
