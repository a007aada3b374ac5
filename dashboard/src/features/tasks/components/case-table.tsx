/** Every test with how it ended before and after: what leads first, then what changed. */
import { useState } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { plural, words } from "@/lib/format";
import type { Case } from "../api/facts";

const FOLDED = 50;

export function CaseTable({ cases }: { cases: readonly Case[] }) {
  const [all, setAll] = useState(false);
  const telling = cases.filter((one) => one.leads || one.changed || one.red).length;
  const shown = all ? cases : cases.slice(0, Math.max(telling, Math.min(cases.length, FOLDED)));
  return (
    <>
      <table className="plain cases-table">
        <caption className="visually-hidden">Tests before and after the fix</caption>
        <thead>
          <tr>
            <th scope="col">Test</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.id} className={one.changed ? "case-changed" : undefined}>
              <td>
                {one.leads && <span className="badge">Regression test</span>}{" "}
                <code>
                  <ForeignText text={one.id} />
                </code>
                {one.message && (
                  <details>
                    <summary className="quiet">What it said</summary>
                    <Log text={one.message} />
                  </details>
                )}
              </td>
              <td data-label="Before">
                <Outcome outcome={one.before} />
              </td>
              <td data-label="After">
                <Outcome outcome={one.after} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < cases.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show {plural(cases.length - shown.length, "more test")} that did not change
        </button>
      )}
    </>
  );
}

function Outcome({ outcome }: { outcome: string }) {
  const good = outcome === "passed";
  const bad = outcome === "failed" || outcome === "error";
  return (
    <span className={good ? "good" : bad ? "bad" : "quiet"}>
      {good ? "✓ " : bad ? "✗ " : ""}
      {words(outcome)}
    </span>
  );
}
