/** Whose word counts for a question, how many it takes, and until when it waits. */
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import type { Approval } from "@/lib/api";
import { useNow } from "@/lib/clock";
import { since } from "@/lib/format";

const NAMED_MAX = 3;

export function WhoDecides({ approval }: { approval: Approval }) {
  const now = useNow();
  const { kind, revision, risk, voices, voices_needed: needed, expires_at: ends } = approval;
  const deciders = decidersOf(approval);
  const release = kind === "release" ? `Revision ${revision} · risk ${risk} · asked` : "";
  return (
    <div className="bar-note quiet">
      <p>
        {release || "Asked"} <When at={approval.created_at} />
        {` · ${since(new Date(now).toISOString(), Date.parse(ends))} left`}
      </p>
      {approval.may_decide && approval.barred && (
        <p className="warn">
          <ForeignText text={approval.barred} />
        </p>
      )}
      {deciders && (
        <p>
          <ForeignText text={deciders} />
        </p>
      )}
      {needed > 1 && (
        <p>
          {voices.length} of {needed} approvals
          {voices.length > 0 && (
            <>
              , by{" "}
              <ForeignText
                text={voices.map((one) => `${one.by} in ${one.channel}`).join(" and ")}
              />
            </>
          )}
        </p>
      )}
    </div>
  );
}

/** "Anyone of: you, dana, everybody in oncall (slack)"; empty where nobody else is known. */
export function decidersOf(approval: Approval): string {
  const { deciders, may_decide: may, voiced, barred, voices, voices_needed: needed } = approval;
  const mine = may && !voiced && !barred;
  const all = [...(mine ? ["you"] : []), ...deciders];
  if (!deciders.length) return "";
  const more = all.length - NAMED_MAX;
  const named = more > 1 ? [...all.slice(0, NAMED_MAX), `${more} more`] : all;
  return `${needed - voices.length > 1 ? "Two" : "Anyone"} of: ${named.join(", ")}`;
}
