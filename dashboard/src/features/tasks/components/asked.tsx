/** A question that is none of release: what happened, and what is asked. */
import { ForeignText } from "@/components/foreign-text";
import { Markdown } from "@/components/markdown";
import { When } from "@/components/when";
import { KINDS } from "@/config/questions";
import type { Approval } from "@/lib/api";
import { limit } from "@/lib/format";

export function Asked({ approval }: { approval: Approval }) {
  if (approval.state !== "pending" || approval.kind === "release") return null;
  const { spent_usd: spent, limit_usd: most } = approval.details;
  return (
    <section className="card asked" aria-label="Question">
      <p className="quiet">
        <strong>{KINDS[approval.kind]}</strong> · asked <When at={approval.created_at} />
      </p>
      <h2>
        <ForeignText text={approval.title} />
      </h2>
      {spent && most && (
        <p>
          ${spent} of {limit(Number(most))} spent.
        </p>
      )}
      {approval.body && <Markdown text={approval.body} />}
    </section>
  );
}
