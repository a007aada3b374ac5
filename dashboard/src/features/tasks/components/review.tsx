/** What the reviewer said of exactly this patch. */
import { Link } from "@tanstack/react-router";
import { ForeignText } from "@/components/foreign-text";
import { Prose } from "@/components/prose";
import type { Schemas } from "@/lib/api";
import { plural, words } from "@/lib/format";
import type { LoggedEvent } from "../api/use-task";

type ReviewFacts = Schemas["ReviewData"];
type Issue = Schemas["IssueData"];

/** The last review of a patch, as the events tell it. */
export function reviewOf(
  events: readonly LoggedEvent[],
  patchHash: string | null | undefined,
): ReviewFacts | undefined {
  const found = events.findLast(
    ({ type, data }) => type === "review" && Boolean(patchHash) && data.patch_hash === patchHash,
  );
  return found?.data as ReviewFacts | undefined;
}

export function Review({ review, taskId }: { review: ReviewFacts; taskId: string }) {
  const scores = Object.entries(review.scores ?? {});
  const issues = (review.issues ?? []).filter((one): one is Issue => typeof one !== "string");
  return (
    <section className="card review" aria-label="Review">
      <p>
        <strong>Review: {words((review.verdict ?? "").toLowerCase())}</strong>{" "}
        <span className="quiet">
          {[...scores.map(([name, score]) => `${name} ${score}`), counted(issues.length)].join(
            " · ",
          )}
        </span>
      </p>
      {issues.length > 0 && (
        <ul className="bullets">
          {issues.map((issue, at) => (
            <li key={at}>
              {issue.path && (
                <>
                  <Link
                    to="/tasks/$taskId"
                    params={{ taskId }}
                    search={{ tab: "diff", file: issue.path, line: issue.line || undefined }}
                    replace
                  >
                    <code>
                      <ForeignText text={`${issue.path}${issue.line ? `:${issue.line}` : ""}`} />
                    </code>
                  </Link>{" "}
                </>
              )}
              <span className={issue.severity === "error" ? "bad" : "quiet"}>{issue.severity}</span>{" "}
              <Prose text={issue.message ?? ""} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function counted(issues: number): string {
  return issues ? plural(issues, "issue") : "no issue";
}
