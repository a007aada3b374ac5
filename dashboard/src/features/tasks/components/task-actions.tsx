/** Copy the link, answer in plain words, cancel. */
import { useState } from "react";
import type { Approval, Task } from "@/lib/api";
import { useLacking } from "@/lib/rights";
import { CancelDialog } from "./cancel-dialog";
import { ReplyDialog } from "./reply-dialog";

export function TaskActions({ task, approval }: { task: Task; approval: Approval | null }) {
  const [open, setOpen] = useState<"reply" | "cancel" | null>(null);
  const [copied, setCopied] = useState("");
  const noReply = useLacking("approve", "Replying");
  const noCancel = useLacking("operate", "Cancelling");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied("Link copied.");
    } catch {
      setCopied(`Not copied; the link is ${location.href}`);
    }
  };
  const reasons = [noReply, task.ended_at ? "" : noCancel].filter(Boolean);
  return (
    <div className="task-actions">
      <button type="button" onClick={() => void copy()}>
        Copy link
      </button>
      {approval?.state === "pending" && (
        <button type="button" disabled={Boolean(noReply)} onClick={() => setOpen("reply")}>
          Reply…
        </button>
      )}
      {!task.ended_at && (
        <button
          type="button"
          disabled={Boolean(noCancel) || task.cancel_requested}
          onClick={() => setOpen("cancel")}
        >
          {task.cancel_requested ? "Being cancelled…" : "Cancel…"}
        </button>
      )}
      <span role="status" className={copied ? "quiet" : "visually-hidden"}>
        {copied}
      </span>
      {reasons.length > 0 && <span className="quiet">{reasons.join(" ")}</span>}
      {open === "reply" && approval && (
        <ReplyDialog task={task} approval={approval} onClose={() => setOpen(null)} />
      )}
      {open === "cancel" && <CancelDialog task={task} onClose={() => setOpen(null)} />}
    </div>
  );
}
