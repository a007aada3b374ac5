/** An answer while it is written and sent: kept until the server said what became of it. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Approval, Choice } from "@/lib/api";
import { decide, newKey, type LineComment, type Settled } from "../../api/decide";
import { NEEDS_TEXT } from "./choices";

export const PROOF_CHARS = 6;

export function useDecision(
  approval: Approval,
  choice: Choice,
  amountAtFirst: string,
  comments: readonly LineComment[],
  onSettled: (settled: Settled, seen: Approval) => void,
) {
  const queries = useQueryClient();
  const draft = `draft:${approval.task_id}:${choice}`;
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
      setTrouble(settled.kind === "unsent" ? kept(settled.message) : settled.message);
      return;
    }
    if (settled.kind === "decided") sessionStorage.removeItem(draft);
    await queries.invalidateQueries({ queryKey: ["approval", approval.task_id] });
    void queries.invalidateQueries({ queryKey: ["approvals"] });
    void queries.invalidateQueries({ queryKey: ["task", approval.task_id] });
    onSettled(settled, approval);
  };
  return {
    ...{ text, setText, amount, setAmount, typed, setTyped },
    ...{ proof, wantsText, ready, sending, trouble, send },
  };
}

export type Deciding = ReturnType<typeof useDecision>;

function kept(message: string): string {
  return `${message} ${navigator.onLine ? "" : "You are offline. "}Your words are kept.`;
}
