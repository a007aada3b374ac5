/** Answer a question: always twice, never before the server said so. */
import { useState } from "react";
import type { Approval, Choice } from "@/lib/api";
import { limit } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import { LABELS } from "./choices";
import { ConfirmDialog, type Subject } from "./confirm-dialog";
import { WhoDecides } from "./who-decides";

interface Props extends Subject {
  approval: Approval;
}

/** An answer and all that was seen when it was chosen, whatever comes while the dialog is open. */
interface Chosen {
  choice: Choice;
  seen: Approval;
  subject: Omit<Subject, "onSettled">;
}

export function DecisionBar({ approval, onSettled, ...subject }: Props) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [amount, setAmount] = useState("0.50");
  const pending = approval.state === "pending";
  const open = (wanted: Choice, usd?: string) => {
    if (!pending || !approval.may_decide || !approval.options.includes(wanted)) return;
    if (wanted === "approve" && (approval.voiced || approval.barred)) return;
    if (usd) setAmount(usd);
    setChosen({ choice: wanted, seen: approval, subject });
  };
  useKeys({
    a: () => open("approve"),
    r: () => open("request_changes"),
    b: () => open("raise_budget"),
  });
  if (!pending) return null;
  return (
    <div className="decision-bar" role="region" aria-label="Decision">
      {approval.may_decide ? (
        <Answers approval={approval} comments={subject.comments.length} onChoose={open} />
      ) : (
        <NotYours first={approval.options[0]} />
      )}
      <WhoDecides approval={approval} />
      {chosen && (
        <ConfirmDialog
          {...chosen.subject}
          approval={chosen.seen}
          choice={chosen.choice}
          amountAtFirst={amount}
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

interface AnswersProps {
  approval: Approval;
  comments: number;
  onChoose: (choice: Choice, usd?: string) => void;
}

/** The first answer, the second, and the rest behind one button. */
function Answers({ approval, comments, onChoose }: AnswersProps) {
  const [first, second, ...rest] = approval.options;
  const raises = (approval.details.raises_usd ?? "").split(" ").filter(Boolean);
  return (
    <>
      {first === "raise_budget" &&
        raises.map((usd) => (
          <button
            key={usd}
            type="button"
            className="primary"
            onClick={() => onChoose("raise_budget", usd)}
          >
            +{limit(Number(usd))}
          </button>
        ))}
      {first && (first !== "raise_budget" || !raises.length) && (
        <button
          type="button"
          className="primary"
          disabled={first === "approve" && (approval.voiced || Boolean(approval.barred))}
          onClick={() => onChoose(first)}
        >
          {first === "approve" && approval.voiced ? "✓ Approved by you" : firstLabel(first)}
        </button>
      )}
      {second && (
        <button type="button" onClick={() => onChoose(second)}>
          {LABELS[second]}…
          {second === "request_changes" && comments > 0 && (
            <span className="count">{comments}</span>
          )}
        </button>
      )}
      {rest.length > 0 && (
        <details className="more">
          <summary aria-label="More answers">⋯</summary>
          <div className="more-menu">
            {rest.map((one) => (
              <button
                type="button"
                key={one}
                onClick={(event) => {
                  fold(event.currentTarget);
                  onChoose(one);
                }}
              >
                {LABELS[one]}…
              </button>
            ))}
          </div>
        </details>
      )}
    </>
  );
}

/** Close the menu that a button stands in; what opened it has the focus then. */
function fold(button: HTMLElement): void {
  const menu = button.closest("details");
  menu?.removeAttribute("open");
  menu?.querySelector("summary")?.focus();
}

function firstLabel(choice: Choice): string {
  if (choice === "approve") return `✓ ${LABELS.approve}`;
  return choice === "more_attempts" ? LABELS.more_attempts : `${LABELS[choice]}…`;
}

/** The first answer, which this key may not give, and why. */
function NotYours({ first }: { first: Choice | undefined }) {
  return (
    <>
      <button type="button" className="primary" disabled>
        {first ? LABELS[first] : "Answer"}
      </button>
      <p className="quiet">
        {first === "approve" ? "Approving" : "Answering"} needs a key with scope approve.
      </p>
    </>
  );
}
