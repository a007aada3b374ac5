/** Answer a question: always twice, never before the server said so. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Dialog } from "@/components/dialog";
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import type { Approval, Choice } from "@/lib/api";
import { limit, plural, words } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import { decide, newKey, type LineComment, type Settled } from "../api/decide";

const PROOF_CHARS = 6;
const NEEDS_TEXT = new Set<Choice>(["request_changes", "guidance", "answer"]);

const LABELS: Record<Choice, string> = {
  approve: "Approve",
  request_changes: "Request changes",
  reject: "Reject",
  raise_budget: "Raise budget",
  guidance: "Guidance",
  more_attempts: "More attempts",
  take_over: "Take over",
  answer: "Answer",
  noise: "Mark as noise",
  stop: "Stop",
};

const MEANS: Record<Choice, string> = {
  approve: "The branch with exactly this diff is published. Nothing is merged.",
  request_changes: "The fix goes back to work with your words. This revision is void.",
  reject: "The task ends without a change.",
  raise_budget: "The task goes on with more money.",
  guidance: "The task goes on with your words.",
  more_attempts: "The task gets more attempts at a fix.",
  take_over: "The task ends here, and you go on by hand.",
  answer: "The task goes on with your answer.",
  noise: "The report is closed as noise.",
  stop: "The task ends here.",
};

interface Props {
  approval: Approval;
  title: string;
  /** What is consented to, in one line. */
  facts: string;
  branch: string;
  comments: readonly LineComment[];
  /** What was said to an answer, and the question as it was seen by then. */
  onSettled: (settled: Settled, seen: Approval) => void;
}

export function DecisionBar({ approval, title, facts, branch, comments, onSettled }: Props) {
  const [chosen, setChosen] = useState<{ choice: Choice; seen: Approval } | null>(null);
  const [amount, setAmount] = useState("0.50");
  const pending = approval.state === "pending";
  const open = (wanted: Choice) => {
    if (pending && approval.may_decide && approval.options.includes(wanted))
      setChosen({ choice: wanted, seen: approval });
  };
  useKeys({
    a: () => open("approve"),
    r: () => open("request_changes"),
    b: () => open("raise_budget"),
  });
  if (!pending) return null;
  const [first, second, ...rest] = approval.options;
  const raises = (approval.details.raises_usd ?? "").split(" ").filter(Boolean);
  return (
    <div className="decision-bar" role="region" aria-label="Decision">
      {approval.may_decide ? (
        <>
          {first === "raise_budget" &&
            raises.map((usd) => (
              <button
                key={usd}
                type="button"
                className="primary"
                onClick={() => {
                  setAmount(usd);
                  open(first);
                }}
              >
                +{limit(Number(usd))}
              </button>
            ))}
          {first && (first !== "raise_budget" || !raises.length) && (
            <button type="button" className="primary" onClick={() => open(first)}>
              {first === "approve" ? "✓ " : ""}
              {LABELS[first]}
              {first === "approve" || first === "more_attempts" ? "" : "…"}
            </button>
          )}
          {second && (
            <button type="button" onClick={() => open(second)}>
              {LABELS[second]}…
              {second === "request_changes" && comments.length > 0 && (
                <span className="count">{comments.length}</span>
              )}
            </button>
          )}
          {rest.length > 0 && (
            <details className="more">
              <summary aria-label="More answers">⋯</summary>
              <div className="more-menu">
                {rest.map((one) => (
                  <button type="button" key={one} onClick={() => open(one)}>
                    {LABELS[one]}…
                  </button>
                ))}
              </div>
            </details>
          )}
        </>
      ) : (
        <>
          <button type="button" className="primary" disabled>
            {first ? LABELS[first] : "Answer"}
          </button>
          <p className="quiet">
            {first === "approve" ? "Approving" : "Answering"} needs a key with scope approve.
          </p>
        </>
      )}
      <p className="quiet bar-note">
        {approval.kind === "release" && `Revision ${approval.revision} · risk ${approval.risk} · `}
        asked <When at={approval.created_at} />
        {approval.voices_needed > 1 &&
          ` · ${approval.voices.length} of ${approval.voices_needed} approvals`}
      </p>
      {chosen && (
        <Confirm
          approval={chosen.seen}
          choice={chosen.choice}
          amountAtFirst={amount}
          title={title}
          facts={facts}
          branch={branch}
          comments={comments}
          onClose={() => setChosen(null)}
          onSettled={(settled, seen) => {
            setChosen(null);
            onSettled(settled, seen);
          }}
        />
      )}
    </div>
  );
}

interface ConfirmProps extends Props {
  choice: Choice;
  amountAtFirst: string;
  onClose: () => void;
}

function budgetAfter({ details }: Approval, more: number): string {
  const now = Number(details.limit_usd);
  return now > 0
    ? `The limit is ${limit(now)} now, and ${limit(now + more)} then.`
    : `Adds ${limit(more)}.`;
}

function draftName(approval: Approval, choice: Choice): string {
  return `draft:${approval.task_id}:${choice}`;
}

function Confirm({
  approval,
  choice,
  amountAtFirst,
  title,
  facts,
  branch,
  comments,
  onClose,
  onSettled,
}: ConfirmProps) {
  const queries = useQueryClient();
  const draft = draftName(approval, choice);
  const [text, setText] = useState(() => sessionStorage.getItem(draft) ?? "");
  const [amount, setAmount] = useState(amountAtFirst);
  const [typed, setTyped] = useState("");
  const [sending, setSending] = useState(false);
  const [trouble, setTrouble] = useState("");
  const key = useRef(newKey());
  useEffect(() => sessionStorage.setItem(draft, text), [draft, text]);
  const proof = approval.proof_needed && choice === "approve";
  const wantsText = NEEDS_TEXT.has(choice);
  const ready =
    (!wantsText || text.trim() !== "" || comments.length > 0) &&
    (!proof || typed.length === PROOF_CHARS) &&
    (choice !== "raise_budget" || Number(amount) > 0);
  const send = async () => {
    if (!ready || sending) return;
    setSending(true);
    setTrouble("");
    const settled = await decide(approval, {
      choice,
      text: text.trim(),
      comments: choice === "request_changes" ? comments : [],
      amountUsd: choice === "raise_budget" ? Number(amount) : null,
      confirmation: proof ? typed : "",
      key: key.current,
    });
    setSending(false);
    if (settled.kind === "unsent" || settled.kind === "refused") {
      setTrouble(
        settled.kind === "unsent"
          ? `${settled.message} ${navigator.onLine ? "" : "You are offline. "}Your words are kept.`
          : settled.message,
      );
      return;
    }
    if (settled.kind === "decided") sessionStorage.removeItem(draft);
    await queries.invalidateQueries({ queryKey: ["approval", approval.task_id] });
    void queries.invalidateQueries({ queryKey: ["approvals"] });
    void queries.invalidateQueries({ queryKey: ["task", approval.task_id] });
    onSettled(settled, approval);
  };
  const release = approval.kind === "release";
  const named = release ? `${LABELS[choice]} r${approval.revision}` : LABELS[choice];
  return (
    <Dialog title={`${named}?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>
          <strong>
            <ForeignText text={title} />
          </strong>
          <br />
          {release ? facts : <ForeignText text={approval.title} />}
        </p>
        <p>
          {MEANS[choice]}
          {choice === "approve" && approval.kind === "release" && branch && (
            <>
              {" "}
              Branch <code>{branch}</code>.
            </>
          )}
        </p>
        {wantsText && (
          <>
            <label htmlFor="decision-text">In your words</label>
            <textarea
              id="decision-text"
              data-first
              rows={5}
              maxLength={20000}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void send();
              }}
            />
            {choice === "request_changes" && comments.length > 0 && (
              <p className="quiet">
                With {plural(comments.length, "comment on a line", "comments on lines")}.
              </p>
            )}
          </>
        )}
        {choice === "raise_budget" && (
          <>
            <label htmlFor="decision-amount">More, in dollars</label>
            <input
              id="decision-amount"
              data-first
              inputMode="decimal"
              value={amount}
              onChange={(event) => setAmount(event.target.value)}
            />
            <p className="quiet">{budgetAfter(approval, Number(amount) || 0)}</p>
          </>
        )}
        {proof && (
          <>
            <label htmlFor="decision-proof">
              This change is of {approval.risk} risk. Type the last {PROOF_CHARS} characters of its
              hash: <code>{approval.patch_hash?.slice(-PROOF_CHARS)}</code>
            </label>
            <input
              id="decision-proof"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={PROOF_CHARS}
              value={typed}
              onChange={(event) => setTyped(event.target.value.trim().toLowerCase())}
            />
          </>
        )}
        {trouble && (
          <p role="alert" className="trouble">
            {trouble}
          </p>
        )}
        <div className="buttons">
          <button type="button" data-first={wantsText ? undefined : true} onClick={onClose}>
            Not yet
          </button>
          <button
            type="submit"
            className={choice === "reject" || choice === "stop" ? "danger" : "primary"}
            disabled={!ready || sending}
          >
            {sending ? "Sending…" : trouble ? "Send again" : named}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface OutcomeProps {
  settled: Settled;
  prUrl: string | null;
  branch: string | null;
  onShowChange?: () => void;
}

/** What became of an answer, in words; the bar that had the focus may be gone, so it comes here. */
export function DecisionOutcome({ settled, prUrl, branch, onShowChange }: OutcomeProps) {
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
      {prUrl?.startsWith("https://") && (
        <a href={prUrl} rel="noreferrer" target="_blank">
          Open the pull request on {new URL(prUrl).host}
        </a>
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
