/** The report that is being written: it outlives a reload, and takes logs in. */
import { useEffect, useState } from "react";
import { plural } from "@/lib/format";
import type { Report } from "../api/use-tasks";

const KEPT = "draft:new";
export const TEXT_MAX = 20_000;
const LOG_MAX = 12_000;
const FILE_MAX = 50_000_000;
const NOTHING = {
  text: "",
  repo: "",
  ticket: "",
  base: "",
  test: "",
  repro: "",
  budget: "",
  /** Whether a task is wanted even where one works on the same fault. */
  own: false,
};
export type Draft = typeof NOTHING;

export function useDraft() {
  const [draft, setDraft] = useState<Draft>(kept);
  useEffect(() => sessionStorage.setItem(KEPT, JSON.stringify(draft)), [draft]);
  const forget = () => {
    setDraft(NOTHING);
    sessionStorage.removeItem(KEPT);
  };
  return { draft, setDraft, forget };
}

function kept(): Draft {
  try {
    return { ...NOTHING, ...(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Draft) };
  } catch {
    return NOTHING;
  }
}

/** What is wrong with a draft, by its field; empty when it can be sent. */
export function flaws(draft: Draft): Partial<Record<keyof Draft, string>> {
  const found: Partial<Record<keyof Draft, string>> = {};
  if (!draft.text.trim()) found.text = "Say what happens, and what should happen instead.";
  if (draft.text.length > TEXT_MAX) found.text = `At most ${TEXT_MAX.toLocaleString()} characters.`;
  const budget = draft.budget.trim();
  if (budget && !(Number(budget) >= 0)) found.budget = "An amount in dollars, such as 1.50.";
  if (draft.ticket.trim() && !/^[A-Za-z0-9][A-Za-z0-9._#/-]{0,99}$/.test(draft.ticket.trim()))
    found.ticket = "A key, such as BUG-42.";
  return found;
}

export function reportOf(draft: Draft, key: string): Report {
  const tests = draft.test.split(/[,\n]/).flatMap((name) => name.trim() || []);
  return {
    task_description: draft.text,
    repo: draft.repo.trim() || null,
    ticket: draft.ticket.trim() || null,
    base: draft.base.trim() || null,
    test: tests.length ? tests : null,
    repro: draft.repro.trim() || null,
    budget_usd: draft.budget.trim() ? Number(draft.budget) : null,
    join: !draft.own,
    key,
  };
}

/** The text with a file behind it; of a long one the end, where the fault is told, stays. */
export async function withFile(text: string, file: File): Promise<{ text: string; said: string }> {
  if (file.size > FILE_MAX) return { text, said: `${file.name} is too big: over 50 MB.` };
  const read = await file.text();
  if (read.includes("\u0000")) return { text, said: `${file.name} is no text.` };
  const room = Math.min(LOG_MAX, TEXT_MAX - text.length - file.name.length - 20);
  if (room < 200) return { text, said: `There is no room left for ${file.name}.` };
  const cut = read.length > room;
  const shown = cut ? read.slice(read.indexOf("\n", read.length - room) + 1).slice(-room) : read;
  const kept = cut ? `the last ${plural(lines(shown), "line")} of ` : "";
  return {
    text: `${text.trimEnd()}\n\n${file.name}:\n${shown}`.trimStart(),
    said: `Added ${kept}${file.name}.`,
  };
}

function lines(text: string): number {
  return text.trimEnd().split("\n").length;
}
