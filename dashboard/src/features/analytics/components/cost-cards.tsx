/** What a fix costs, and what was spent on what; unknown prices are counted apart. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { cost, plural, repoName } from "@/lib/format";
import { stacked } from "../api/series";
import { daysOf, type Stats } from "../api/use-stats";
import { Bars } from "./bars";
import { Card, Table } from "./card";

export const WAYS = ["role", "model", "repo", "day"] as const;
export type Way = (typeof WAYS)[number];

/** Up to so many days are shown where nothing was spent. */
const FILLED_MAX = 120;

export function FixCard({ fix }: { fix: Stats["cost"]["fix"] }) {
  return (
    <Card
      question="What does a fix cost?"
      answer={fix.fixed ? cost(fix.mean_usd) : "No fix with a model yet"}
      note={
        <>
          {fix.fixed > 0 && (
            <>
              Mean of {plural(fix.fixed, "fixed task")}; {cost(fix.with_others_usd)} with the tasks
              that came to nothing laid upon them.{" "}
            </>
          )}
          {fix.unpriced_tasks > 0 && (
            <strong className="unpriced">
              {plural(fix.unpriced_tasks, "task")} left out: a price is unknown.
            </strong>
          )}
        </>
      }
    />
  );
}

interface SpentProps {
  spent: Stats["cost"];
  from: string;
  to: string;
  by: Way;
  onBy: (by: Way) => void;
}

export function SpentCard({ spent, from, to, by, onBy }: SpentProps) {
  const unpriced = Object.keys(spent.unpriced_models);
  return (
    <Card
      wide
      question="What was spent, and on what?"
      answer={costOf({ ...spent, cost_usd: spent.total_usd })}
      note={
        unpriced.length > 0 && (
          <strong className="unpriced">
            Unknown prices: {plural(spent.unpriced_calls, "call")} to {unpriced.join(", ")}, not
            counted as 0.
          </strong>
        )
      }
      table={
        <Table
          caption={`Cost by ${by}`}
          head={[HEADS[by], "Cost", "Calls", "Tokens in", "Tokens out", "Without a price"]}
          rows={rowsBy(spent, by)}
        />
      }
    >
      <div className="segments figure-ways" role="group" aria-label="Cost by">
        {WAYS.map((way) => (
          <button key={way} type="button" aria-pressed={way === by} onClick={() => onBy(way)}>
            {way === "repo" ? "Repo" : HEADS[way]}
          </button>
        ))}
      </div>
      {spent.by_day.length > 0 ? (
        <Bars
          label={`Cost by day and ${by}`}
          series={stacked(dailyBy(spent, by), daysShown(spent, from, to))}
          shown={(usd) => `$${usd.toFixed(2)}`}
          named={by === "repo" ? repoShown : String}
          labelled={dayShown}
        />
      ) : (
        <p className="quiet">No model was asked in this time.</p>
      )}
    </Card>
  );
}

const HEADS: Record<Way, string> = { role: "Role", model: "Model", repo: "Repository", day: "Day" };

const dayShown = (day: string) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString(undefined, {
    timeZone: "UTC",
    month: "short",
    day: "numeric",
  });
const repoShown = (repo: string) => (repo ? repoName(repo) : "no task");

/** What was paid, as far as it is known. */
function costOf({ cost_usd: usd, unpriced_calls: unpriced }: Priced): string {
  if (!unpriced) return cost(usd);
  return usd ? `${cost(usd)} and unknown` : cost(null);
}

type Priced = Pick<Stats["cost"]["by_day"][number], "cost_usd" | "unpriced_calls">;

function dailyBy(spent: Stats["cost"], by: Way) {
  if (by === "day") return spent.by_day.map((one) => ({ ...one, name: "all" }));
  return spent[`daily_by_${by}`];
}

function daysShown(spent: Stats["cost"], from: string, to: string): string[] {
  return daysOf(from, to, FILLED_MAX) ?? spent.by_day.map((one) => one.day);
}

function rowsBy(spent: Stats["cost"], by: Way): ReactNode[][] {
  const figures = (one: Stats["cost"]["by_day"][number] | Stats["cost"]["by_role"][number]) => [
    costOf(one),
    one.calls,
    one.tokens_in,
    one.tokens_out,
    one.unpriced_calls,
  ];
  if (by === "day") return spent.by_day.map((one) => [one.day, ...figures(one)]);
  if (by === "role")
    return spent.by_role.map((one) => [
      <Link key="at" to="/identities/$role" params={{ role: one.role }} search={{ tab: "tasks" }}>
        {one.role}
      </Link>,
      ...figures({ ...one }),
    ]);
  if (by === "model")
    return spent.by_model.map((one) => [
      <Link key="at" to="/activity" search={{ list: "calls", q: one.model }}>
        {one.model}
      </Link>,
      ...figures({ ...one, role: "" }),
    ]);
  return spent.by_repo.map((one) => [
    one.repo ? (
      <Link key="at" to="/board" search={{ view: "table", repo: one.repo }}>
        {repoShown(one.repo)}
      </Link>
    ) : (
      repoShown(one.repo)
    ),
    ...figures({ ...one, role: "" }),
  ]);
}
