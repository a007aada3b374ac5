/** The tests before and after, each with its command, exit code and tree. */
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { Empty } from "@/components/states";
import type { Task } from "@/lib/api";
import { isGreen, told, type Proof, type Run as RunFacts, type TestRun } from "../api/facts";

const LOG_LINES = 200;

export function TestsTab({ task, proof }: { task: Task; proof?: Proof }) {
  if (!task.tests) return <Empty title="No tests were run yet." />;
  const { before, after } = task.tests;
  const regression = task.evidence?.regression_tests ?? [];
  return (
    <>
      {regression.length ? (
        <p>
          Regression test:{" "}
          {regression.map((name) => (
            <code key={name}>
              <ForeignText text={name} />
            </code>
          ))}
        </p>
      ) : null}
      <div className="columns">
        <Run title="Before" counts={before} run={proof?.base} />
        <Run title="After the fix" counts={after} run={proof?.fixed} />
      </div>
    </>
  );
}

interface RunProps {
  title: string;
  counts?: RunFacts | null;
  run?: TestRun | null;
}

function Run({ title, counts, run }: RunProps) {
  const green = isGreen(counts);
  const failed = run?.cases?.filter((one) => one.outcome !== "passed") ?? [];
  const passed = (run?.cases?.length ?? 0) - failed.length;
  return (
    <section className="card run">
      <h2>{title}</h2>
      <p className={counts ? (green ? "good" : "bad") : "quiet"}>
        {counts ? (green ? "✓ " : "✗ ") : ""}
        {told(counts)}
      </p>
      {counts && (
        <dl className="facts">
          <dt>Exit code</dt>
          <dd>{counts.exit_code ?? "none"}</dd>
          <dt>Tree</dt>
          <dd>
            <code title={counts.tree_hash ?? ""}>{counts.tree_hash?.slice(0, 12)}</code>
          </dd>
        </dl>
      )}
      {failed.length > 0 && (
        <ul className="cases">
          {failed.map((one) => (
            <li key={one.test_id}>
              <span className="bad">✗ {one.outcome}</span>{" "}
              <code>
                <ForeignText text={one.test_id} />
              </code>
              {one.message && <Log text={one.message} />}
            </li>
          ))}
        </ul>
      )}
      {passed > 0 && run?.cases && (
        <details>
          <summary>{passed} passed</summary>
          <ul className="cases">
            {run.cases
              .filter((one) => one.outcome === "passed")
              .map((one) => (
                <li key={one.test_id}>
                  <span className="good">✓</span>{" "}
                  <code>
                    <ForeignText text={one.test_id} />
                  </code>
                </li>
              ))}
          </ul>
        </details>
      )}
      {run?.argv && (
        <details>
          <summary>Command</summary>
          <Log text={run.argv.join(" ")} />
        </details>
      )}
      {run?.output && (
        <details>
          <summary>Log</summary>
          <Log text={run.output.split("\n").slice(-LOG_LINES).join("\n")} />
        </details>
      )}
    </section>
  );
}
