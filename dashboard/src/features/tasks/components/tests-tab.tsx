/** The tests before and after, each with its command, exit code and tree. */
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { Empty } from "@/components/states";
import { isGone, type Task } from "@/lib/api";
import { casesOf, isGreen, told, type Run as RunFacts, type TestRun } from "../api/facts";
import { useProof } from "../api/use-task";
import { CaseTable } from "./case-table";
import { RunLog } from "./run-log";

export function TestsTab({ task }: { task: Task }) {
  const { data: proof, error } = useProof(task);
  if (!task.tests) return <Empty title="No tests were run yet." />;
  const { before, after } = task.tests;
  const regression = task.evidence?.regression_tests ?? [];
  const scope = proof?.scope ?? task.evidence?.scope ?? [];
  const cases = proof ? casesOf(proof) : [];
  return (
    <>
      <div className="columns">
        <Run title="Before" name="before" counts={before} run={proof?.base} />
        <Run title="After the fix" name="after" counts={after} run={proof?.fixed} />
      </div>
      {scope.length > 0 && (
        <p className="quiet">
          On the fix not all tests were run, but those of{" "}
          <code>
            <ForeignText text={scope.join(", ")} />
          </code>
        </p>
      )}
      {task.evidence?.note && (
        <p className="quiet">
          <ForeignText text={task.evidence.note} />
        </p>
      )}
      {isGone(error) && (
        <p className="quiet">The single results and the output are no longer kept.</p>
      )}
      {cases.length > 0 ? (
        <CaseTable cases={cases} />
      ) : (
        regression.map((name) => (
          <p key={name}>
            Regression test{" "}
            <code>
              <ForeignText text={name} />
            </code>
          </p>
        ))
      )}
    </>
  );
}

interface RunProps {
  title: string;
  name: string;
  counts?: RunFacts | null;
  run?: TestRun | null;
}

function Run({ title, name, counts, run }: RunProps) {
  const green = isGreen(counts);
  const tree = counts?.tree_hash ?? "";
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
            <code title={tree}>{tree.slice(0, 12)}</code>
          </dd>
        </dl>
      )}
      {run && (
        <details>
          <summary>Command</summary>
          <Log text={run.argv.join(" ")} />
        </details>
      )}
      {run?.output && <RunLog text={run.output} name={`${name}.log`} />}
    </section>
  );
}
