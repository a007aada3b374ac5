/** What became of the last question, where this page has not answered it itself. */
import { Fragment } from "react";
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import type { ApprovalFacts } from "@/lib/api";
import { words } from "@/lib/format";

export function Verdict({ asked }: { asked: ApprovalFacts }) {
  const { decision, voices, decided_at: at, void_reason: why, state, kind, revision } = asked;
  const said = decision && voices.length > 1 ? voices : decision ? [decision] : [];
  const ended = state === "void" ? "No longer asked" : words(state);
  return (
    <p className="quiet verdict" role="status">
      {kind === "release" && `Revision ${revision}: `}
      {decision && state === "answered" ? words(decision.decision) : ended}
      {said.map(({ by, channel }, at) => (
        <Fragment key={at}>
          {at ? " and" : " by"} <ForeignText text={by} /> in {channel}
        </Fragment>
      ))}
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
