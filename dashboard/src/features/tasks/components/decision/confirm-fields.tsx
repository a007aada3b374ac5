/** What some answers take beside a yes: words, an amount, a proof that the patch was seen. */
import type { Approval } from "@/lib/api";
import { limit, plural } from "@/lib/format";
import { PROOF_CHARS, type Deciding } from "./use-decision";

export function Words({ answer, comments }: { answer: Deciding; comments: number }) {
  return (
    <>
      <label htmlFor="decision-text">In your words</label>
      <textarea
        id="decision-text"
        data-first
        rows={5}
        maxLength={20000}
        value={answer.text}
        onChange={(event) => answer.setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void answer.send();
        }}
      />
      {comments > 0 && (
        <p className="quiet">With {plural(comments, "comment on a line", "comments on lines")}.</p>
      )}
    </>
  );
}

export function Amount({ answer, approval }: { answer: Deciding; approval: Approval }) {
  return (
    <>
      <label htmlFor="decision-amount">More, in dollars</label>
      <input
        id="decision-amount"
        data-first
        inputMode="decimal"
        value={answer.amount}
        onChange={(event) => answer.setAmount(event.target.value)}
      />
      <p className="quiet">{budgetAfter(approval, Number(answer.amount) || 0)}</p>
    </>
  );
}

export function Proof({ answer, approval }: { answer: Deciding; approval: Approval }) {
  return (
    <>
      <label htmlFor="decision-proof">
        This change is of {approval.risk} risk. Type the last {PROOF_CHARS} characters of its hash:{" "}
        <code>{approval.patch_hash?.slice(-PROOF_CHARS)}</code>
      </label>
      <input
        id="decision-proof"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={PROOF_CHARS}
        value={answer.typed}
        onChange={(event) => answer.setTyped(event.target.value.trim().toLowerCase())}
      />
    </>
  );
}

function budgetAfter({ details }: Approval, more: number): string {
  const now = Number(details.limit_usd);
  return now > 0
    ? `The limit is ${limit(now)} now, and ${limit(now + more)} then.`
    : `Adds ${limit(more)}.`;
}
