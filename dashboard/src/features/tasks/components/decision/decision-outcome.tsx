/** What became of an answer, in words; the bar that had the focus may be gone, so it comes here. */
import { useEffect, useRef } from "react";
import { ForeignText } from "@/components/foreign-text";
import { PullRequestLink } from "@/components/pull-request-link";
import { words } from "@/lib/format";
import type { Settled } from "../../api/decide";
import { MEANS } from "./choices";

interface Props {
  settled: Settled;
  prUrl: string | null;
  branch: string | null;
  onShowChange?: () => void;
}

export function DecisionOutcome({ settled, prUrl, branch, onShowChange }: Props) {
  const good = settled.kind === "decided";
  const told = useRef<HTMLDivElement>(null);
  useEffect(() => told.current?.focus(), []);
  return (
    <div
      className={`notice ${good ? "notice-good" : "notice-warn"}`}
      role="status"
      tabIndex={-1}
      ref={told}
    >
      <p>
        <ForeignText text={said(settled, branch)} />
      </p>
      {settled.kind === "superseded" && onShowChange && (
        <button type="button" onClick={onShowChange}>
          Show what changed
        </button>
      )}
      {prUrl && (
        <p>
          <PullRequestLink url={prUrl} />
        </p>
      )}
    </div>
  );
}

function said(settled: Settled, branch: string | null): string {
  if (settled.kind === "already_decided") {
    const at = settled.at ? ` at ${new Date(settled.at).toLocaleTimeString()}` : "";
    return `${settled.message.replace(/\.$/, "")}${at}. Your answer was not counted.`;
  }
  if (settled.kind === "superseded")
    return `The patch has changed; here is revision ${settled.revision}. Your answer was not counted.`;
  if (settled.kind === "expired") return "This question has expired. Your answer was not counted.";
  if (settled.kind !== "decided") return settled.message;
  const { state, voices, voices_needed: needed } = settled.approval;
  if (state === "pending")
    return `Your approval is ${voices.length} of ${needed}; one more person has to approve.`;
  if (state === "approved" && settled.approval.kind === "release")
    return branch ? `Approved. Branch ${branch} is there.` : "Approved. Publishing the branch…";
  const { decision } = settled.approval;
  return state === "answered" && decision ? MEANS[decision.decision] : `${words(state)}.`;
}
