/** The cause, and each claim with the line that it quotes. */
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { Prose } from "@/components/prose";
import { Empty } from "@/components/states";
import type { Diagnosis } from "../api/facts";

export function DiagnosisTab({ diagnosis }: { diagnosis?: Diagnosis | null }) {
  if (!diagnosis) return <Empty title="There is no diagnosis yet." />;
  return (
    <>
      <h2>What was thought first</h2>
      <p className="lead">
        <Prose text={diagnosis.root_cause ?? ""} />
      </p>
      <p className="quiet">
        {diagnosis.method && `Found by ${diagnosis.method}. `}
        {typeof diagnosis.confidence === "number" &&
          `First confidence ${Math.round(diagnosis.confidence * 100)} %, before any test ran.`}
      </p>
      <h2>Claims</h2>
      {diagnosis.claims.length === 0 ? (
        <p>No line of code was quoted for this.</p>
      ) : (
        <ul className="claims">
          {diagnosis.claims.map((claim) => (
            <li key={`${claim.path}:${claim.line}`}>
              <p>
                <span className="good">✓ found at base</span>{" "}
                <code>
                  <ForeignText text={`${claim.path}:${claim.line}`} />
                </code>{" "}
                <span className="quiet">{claim.base_sha?.slice(0, 12)}</span>
              </p>
              <Log text={claim.quote} />
            </li>
          ))}
        </ul>
      )}
      {diagnosis.suspects.length > 0 && (
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
      )}
    </>
  );
}
