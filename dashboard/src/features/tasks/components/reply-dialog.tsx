/** An answer in plain words, and what was understood of it. */
import { useEffect, useState } from "react";
import { Dialog } from "@/components/dialog";
import { ForeignText } from "@/components/foreign-text";
import type { Approval, Task } from "@/lib/api";
import { trouble, useReply } from "../api/send";

interface Props {
  task: Task;
  approval: Approval;
  onClose: () => void;
}

export function ReplyDialog({ task, approval, onClose }: Props) {
  const draft = `draft:${task.task_id}:reply`;
  const [text, setText] = useState(() => sessionStorage.getItem(draft) ?? "");
  const reply = useReply(task.task_id, approval.approval_id);
  useEffect(() => sessionStorage.setItem(draft, text), [draft, text]);
  const send = () => {
    if (text.trim() && !reply.isPending)
      reply.mutate(text.trim(), { onSuccess: () => setText("") });
  };
  if (reply.data)
    return (
      <Dialog title="Understood as" onClose={onClose}>
        <p>
          <ForeignText text={reply.data.understood} />
        </p>
        <div className="buttons">
          <button type="button" className="primary" data-first onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title="Reply in your words" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <p>
          It waits for:{" "}
          <strong>
            <ForeignText text={approval.title} />
          </strong>
        </p>
        <p className="quiet">
          Words count as an answer where they are clear; a question is answered and changes nothing.
        </p>
        <label htmlFor="reply-text">Your words</label>
        <textarea
          id="reply-text"
          data-first
          rows={4}
          maxLength={20000}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) send();
          }}
        />
        {reply.error && (
          <p role="alert" className="trouble">
            {trouble(reply.error)} Your words are kept.
          </p>
        )}
        <div className="buttons">
          <button type="button" onClick={onClose}>
            Not yet
          </button>
          <button type="submit" className="primary" disabled={!text.trim() || reply.isPending}>
            {reply.isPending ? "Sending…" : reply.error ? "Send again" : "Send reply"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
