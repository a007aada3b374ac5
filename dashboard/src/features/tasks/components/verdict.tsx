/** What became of the last question, where this page has not answered it itself. */
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import type { ApprovalFacts } from "@/lib/api";
import { words } from "@/lib/format";

export function Verdict({ asked }: { asked: ApprovalFacts }) {
  const { decision, decided_at: at, void_reason: why, state, kind, revision } = asked;
  const ended = state === "void" ? "No longer asked" : words(state);
  return (
    <p className="quiet verdict" role="status">
      {kind === "release" && `Revision ${revision}: `}
      {decision && state === "answered" ? words(decision.decision) : ended}
      {decision && (
        <>
          {" "}
          by <ForeignText text={decision.by} /> in {decision.channel}
        </>
      )}
      {at && (
        <>
          , <When at={at} />
        </>
      )}
      {why && (
        <>
          {": "}
          <ForeignText text={why} />
        </>
      )}
      .
    </p>
  );
}
