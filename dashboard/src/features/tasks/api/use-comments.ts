/** Comments on lines that are not sent yet: of one question, and kept over a reload. */
import { useState } from "react";
import type { LineComment } from "./decide";

const NONE: readonly LineComment[] = [];

/** They belong to the patch they were written on, and to no later revision. */
export function useComments(approvalId: string | undefined) {
  const [kept, setKept] = useState<Record<string, readonly LineComment[]>>({});
  const name = `comments:${approvalId}`;
  const comments = approvalId ? (kept[name] ?? stored(name)) : NONE;
  const put = (all: readonly LineComment[]) => {
    sessionStorage.setItem(name, JSON.stringify(all));
    setKept({ ...kept, [name]: all });
  };
  return [comments, put] as const;
}

function stored(name: string): readonly LineComment[] {
  return JSON.parse(sessionStorage.getItem(name) ?? "[]") as LineComment[];
}
