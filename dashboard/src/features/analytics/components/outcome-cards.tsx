/** How tasks end, by model, and what people say to what they are shown. */
import { Link } from "@tanstack/react-router";
import { words } from "@/lib/format";
import { series } from "../api/series";
import type { Stats } from "../api/use-stats";
import { Bars } from "./bars";
import { Card, Table } from "./card";

const FILLS: Record<string, string> = {
  fixed: "var(--chart-3)",
  fixed_unverified: "var(--chart-5)",
  not_a_code_fault: "var(--chart-1)",
  noise: "var(--chart-7)",
  rejected: "var(--chart-6)",
  failed: "var(--chart-2)",
};
const share = (part: number | null) => (part === null ? "none" : `${Math.round(part * 100)} %`);

export function OutcomesCard({ stats }: { stats: Stats }) {
  const { outcomes, outcomes_by_model: found, success_rate: rate } = stats;
  const models = [...new Set(found.map((one) => one.model))];
  const parts = found.map((one) => ({ row: one.model, name: one.outcome, value: one.tasks }));
  return (
    <Card
      wide
      question="How do tasks end, by model?"
      answer={rate === null ? "No task has ended yet" : `${share(rate)} ended well`}
      note={
        <>
          {Object.entries(outcomes).map(([outcome, count]) => (
            <Link key={outcome} to="/board" search={{ view: "table", outcome }} className="outcome">
              {words(outcome)} {count}
            </Link>
          ))}
          <br />
          {models.length > 1 && "A task counts for each model that played in it."}{" "}
          <Link to="/board">All tasks</Link>
        </>
      }
      table={
        <Table
          caption="Tasks by model and outcome"
          head={["Model", "Outcome", "Tasks"]}
          rows={found.map((one) => [
            <Link key="at" to="/activity" search={{ list: "calls", q: one.model }}>
              {one.model}
            </Link>,
            words(one.outcome),
            one.tasks,
          ])}
        />
      }
    >
      {models.length > 0 ? (
        <Bars
          lying
          label="Tasks by model and outcome"
          series={series(models, parts)}
          shown={String}
          named={words}
          labelled={(model) => model.slice(model.lastIndexOf("/") + 1)}
          fillOf={(outcome) => FILLS[outcome]}
        />
      ) : (
        <p className="quiet">No task with a model has ended in this time.</p>
      )}
    </Card>
  );
}

export function SentBackCard({ said }: { said: Stats["sent_back"] }) {
  return (
    <Card
      question="How often do people send a fix back?"
      answer={said.decided ? `${said.sent_back} of ${said.decided}` : "Nothing was decided yet"}
      note={
        said.decided > 0 && (
          <>
            {share(said.share)} of the releases they decided on.{" "}
            <Link to="/activity" search={{ type: "approval", q: "changes_requested" }}>
              Which ones
            </Link>
          </>
        )
      }
    />
  );
}

export function FalseAlarmCard({ triage }: { triage: Stats["triage"] }) {
  return (
    <Card
      question="How often was an alarm false?"
      answer={triage.real ? `${triage.false_positives} of ${triage.real}` : "Nothing to tell yet"}
      note={
        <>
          {triage.real > 0 &&
            `${share(triage.false_positive_rate)} of what triage took for real was called noise by a person. `}
          {triage.missed > 0 && `${triage.missed} it took for noise were real. `}
          {triage.false_positives > 0 && (
            <Link to="/board" search={{ view: "table", outcome: "noise" }}>
              Which ones
            </Link>
          )}
        </>
      }
    />
  );
}

export function LatencyCard({ latency }: { latency: Stats["latency"] }) {
  if (latency.length === 0) return null;
  const ms = (value: number) => `${(value / 1_000).toFixed(1)} s`;
  const slowest = latency.reduce((a, b) => (b.p95_ms > a.p95_ms ? b : a));
  return (
    <Card
      question="How fast do models answer?"
      answer={
        <>
          {ms(slowest.p95_ms)} <span className="quiet">the slowest, 19 of 20</span>
        </>
      }
      note={`${slowest.model} as ${slowest.role}`}
      table={
        <Table
          caption="Seconds until an answer, by role and model"
          head={["Role", "Model", "Calls", "p50", "p95"]}
          rows={latency.map((one) => [
            one.role,
            one.model,
            one.calls,
            ms(one.p50_ms),
            ms(one.p95_ms),
          ])}
        />
      }
    />
  );
}
