/** The tests before and after, each with its command, exit code and tree. */
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { Empty } from "@/components/states";
import { told, type Counts, type Evidence, type Proof, type TestRun } from "../api/facts";

const LOG_LINES = 200;

export function TestsTab({ proof, evidence }: { proof: Proof | null; evidence?: Evidence }) {
  if (!proof) return <Empty title="No tests were run yet." />;
  return (
    <>
      {evidence?.regression_tests?.length ? (
        <p>
          Regression test:{" "}
          {evidence.regression_tests.map((name) => (
            <code key={name}>
              <ForeignText text={name} />
            </code>
          ))}
        </p>
      ) : null}
      <div className="columns">
        <Run title="Before" counts={proof.before} run={evidence?.base} />
        <Run title="After the fix" counts={proof.after} run={evidence?.fixed} />
      </div>
    </>
  );
}

interface RunProps {
  title: string;
  counts: Counts | null;
  run?: TestRun | null;
}

function Run({ title, counts, run }: RunProps) {
  const green = counts !== null && counts.failed === 0 && counts.exit === 0;
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
          <dd>{counts.exit ?? "none"}</dd>
          <dt>Tree</dt>
          <dd>
            <code title={counts.tree}>{counts.tree.slice(0, 12)}</code>
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
