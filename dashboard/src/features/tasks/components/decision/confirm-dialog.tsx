/** The second step of an answer: what it is about, what it does, and the button that sends it. */
import { Dialog } from "@/components/dialog";
import { ForeignText } from "@/components/foreign-text";
import type { Approval, Choice } from "@/lib/api";
import type { LineComment, Settled } from "../../api/decide";
import { caveatsOf } from "../../api/briefing";
import { Caveats } from "../caveats";
import { MEANS, named } from "./choices";
import { Amount, Proof, Words } from "./confirm-fields";
import { useDecision } from "./use-decision";

export interface Subject {
  title: string;
  /** What is consented to, in one line. */
  facts: string;
  branch: string;
  comments: readonly LineComment[];
  /** What was said to an answer, and the question as it was seen by then. */
  onSettled: (settled: Settled, seen: Approval) => void;
}

interface Props extends Subject {
  approval: Approval;
  choice: Choice;
  amountAtFirst: string;
  onClose: () => void;
}

export function ConfirmDialog(props: Props) {
  const { approval, choice, title, facts, branch, comments, onClose } = props;
  const answer = useDecision(approval, choice, props.amountAtFirst, comments, props.onSettled);
  const { wantsText, sending, trouble } = answer;
  const release = approval.kind === "release";
  const name = named(choice, approval);
  return (
    <Dialog title={`${name}?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void answer.send();
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
          {choice === "approve" && release && branch && (
            <>
              {" "}
              Branch <code>{branch}</code>.
            </>
          )}
        </p>
        {choice === "approve" && (
          <Caveats caveats={caveatsOf(approval).filter(({ grave }) => grave)} />
        )}
        {wantsText && (
          <Words answer={answer} comments={choice === "request_changes" ? comments.length : 0} />
        )}
        {choice === "raise_budget" && <Amount answer={answer} approval={approval} />}
        {answer.proof && <Proof answer={answer} approval={approval} />}
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
            disabled={!answer.ready || sending}
          >
            {sending ? "Sending…" : trouble ? "Send again" : name}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
