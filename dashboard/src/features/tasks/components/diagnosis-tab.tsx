/** The cause, and each claim with the code that it is about, as it was at the base. */
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Code } from "@/components/code";
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { Prose } from "@/components/prose";
import { Empty } from "@/components/states";
import type { Task } from "@/lib/api";
import { languageOf } from "@/lib/highlight";
import type { Claim, Diagnosis } from "../api/facts";
import type { Place } from "../api/place";

export function DiagnosisTab({ task, place }: { task: Task; place: Place }) {
  const { diagnosis } = task;
  if (!diagnosis) return <Empty title="There is no diagnosis yet." />;
  const touched = new Set(task.patch?.files ?? []);
  return (
    <>
      <h2>What was thought first</h2>
      <p className="lead">
        <Prose text={diagnosis.root_cause ?? ""} />
      </p>
      <p className="quiet">
        {diagnosis.category && diagnosis.category !== "code" && `Place: ${diagnosis.category}. `}
        {diagnosis.method && <ForeignText text={`Found by ${diagnosis.method}. `} />}
        {typeof diagnosis.confidence === "number" &&
          `First confidence ${Math.round(diagnosis.confidence * 100)} %, before any test ran.`}
      </p>
      <h2>Claims</h2>
      {diagnosis.claims.length === 0 ? (
        <p>No line of code was quoted for this.</p>
      ) : (
        <ul className="claims">
          {diagnosis.claims.map((claim, at) => (
            <ClaimCard
              key={at}
              claim={claim}
              taskId={task.task_id}
              touched={touched.has(claim.path)}
              chosen={place.file === claim.path && place.line === claim.line}
            />
          ))}
        </ul>
      )}
      <Suspects diagnosis={diagnosis} />
    </>
  );
}

interface ClaimProps {
  claim: Claim;
  taskId: string;
  /** Whether the patch changes its file. */
  touched: boolean;
  chosen: boolean;
}

function ClaimCard({ claim, taskId, touched, chosen }: ClaimProps) {
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: "center" });
  }, [chosen]);
  const place = { file: claim.path, line: claim.line };
  return (
    <li ref={card} className={chosen ? "claim claim-chosen" : "claim"}>
      <p className="claim-head">
        <Verified verified={claim.verified} />
        <Link
          to="/tasks/$taskId"
          params={{ taskId }}
          search={{ tab: "diagnosis", ...place }}
          replace
        >
          <code>
            <ForeignText text={`${claim.path}:${claim.line}`} />
          </code>
        </Link>
        {claim.base_sha && <span className="quiet">at {claim.base_sha.slice(0, 12)}</span>}
        {touched && (
          <Link to="/tasks/$taskId" params={{ taskId }} search={{ tab: "diff", ...place }} replace>
            In the patch
          </Link>
        )}
      </p>
      {claim.code.length > 0 ? <Lines claim={claim} /> : <Log text={claim.quote} />}
      {claim.code.length > 0 && claim.verified === false && (
        <p>
          It was claimed:{" "}
          <code>
            <ForeignText text={claim.quote} />
          </code>
        </p>
      )}
    </li>
  );
}

function Verified({ verified }: { verified?: boolean | null }) {
  if (verified === true) return <span className="good">✓ verified</span>;
  if (verified === false) return <span className="bad">✗ not found</span>;
  return <span className="good">✓ found at base</span>;
}

function Lines({ claim }: { claim: Claim }) {
  const language = languageOf(claim.path);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroll area takes the focus
    <div className="lines" tabIndex={0} role="group" aria-label={`${claim.path} at the base`}>
      {claim.code.map((text, at) => {
        const number = claim.code_from + at;
        return (
          <div key={number} className={number === claim.line ? "lines-here" : undefined}>
            <span className="lines-number">{number}</span>
            <span className="lines-code">
              <Code text={text} language={language} />
            </span>
          </div>
        );
      })}
    </div>
  );
}

function Suspects({ diagnosis }: { diagnosis: Diagnosis }) {
  if (!diagnosis.suspects.length) return null;
  return (
    <details>
      <summary>
        {diagnosis.suspects.length} suspicious lines
        {diagnosis.searched && ", after the tests ran"}
      </summary>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Score</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {diagnosis.suspects.map((one) => (
            <tr key={`${one.path}:${one.line}`}>
              <td>
                <code>
                  <ForeignText text={`${one.path}:${one.line}`} />
                </code>
              </td>
              <td>{one.score.toFixed(2)}</td>
              <td>
                <ForeignText text={one.why} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
