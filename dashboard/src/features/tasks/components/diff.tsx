/** A patch, file by file; keys walk its hunks, and the number of each new line takes a comment. */
import { useMemo, useRef, useState } from "react";
import { OnSight } from "@/components/on-sight";
import { parseDiff } from "@/lib/diff";
import { plural } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import type { LineComment } from "../api/decide";
import { useViewed } from "../api/viewed";
import { FileDiff, heightOf } from "./file-diff";

/** Files that are drawn at once, wherever they are. */
const FIRST = 3;

interface Props {
  diff: string;
  /** Of what is shown, so that the files that were viewed are remembered. */
  name: string;
  /** The file and line that the address leads to. */
  linked?: { file: string; line?: number };
  comments: readonly LineComment[];
  /** Undefined when nobody can answer any more. */
  onComments?: (comments: LineComment[]) => void;
}

export function Diff({ diff, name, linked, comments, onComments }: Props) {
  const files = useMemo(() => parseDiff(diff), [diff]);
  const [open, setOpen] = useState("");
  const { viewed, toggle } = useViewed(name);
  const root = useRef<HTMLDivElement>(null);
  const inside = (): HTMLElement | null => {
    const active = document.activeElement;
    return active instanceof HTMLElement && root.current?.contains(active) ? active : null;
  };
  const move = (among: string, by: number) => {
    const places = [...(root.current?.querySelectorAll<HTMLElement>(among) ?? [])];
    const next = placeAfter(places, inside(), by);
    next?.focus();
    next?.scrollIntoView({ block: "center" });
  };
  useKeys({
    j: () => move("tr.changed .number button", 1),
    k: () => move("tr.changed .number button", -1),
    n: () => move("tr.hunk td", 1),
    p: () => move("tr.hunk td", -1),
    v: () => {
      const at = inside()?.closest<HTMLElement>("[data-file]")?.dataset.file;
      const path = at ?? files.find((file) => !viewed.has(file.path))?.path;
      if (path) toggle(path);
    },
    c: () => {
      const within = inside()?.closest("tr")?.querySelector<HTMLElement>(".number button");
      (within ?? root.current?.querySelector<HTMLElement>("tr.changed .number button"))?.click();
    },
  });
  const put = (path: string, line: number, text: string) => {
    const others = comments.filter((one) => one.path !== path || one.line !== line);
    onComments?.(text ? [...others, { path, line, text }] : others);
    setOpen("");
  };
  return (
    <div ref={root} className="diff">
      {files.length > 1 && (
        <p className="quiet">
          {plural(files.length, "file")}, {viewed.size} viewed
        </p>
      )}
      {files.map((file, at) => (
        <OnSight
          key={file.path}
          height={heightOf(file)}
          now={at < FIRST || file.path === linked?.file}
        >
          <FileDiff
            file={file}
            viewed={viewed.has(file.path)}
            onViewed={() => toggle(file.path)}
            linked={file.path === linked?.file ? (linked.line ?? 0) : undefined}
            comments={comments.filter((one) => one.path === file.path)}
            open={open}
            onOpen={onComments && setOpen}
            onPut={put}
          />
        </OnSight>
      ))}
    </div>
  );
}

/** The next of some places in the order of the page, seen from where the focus is. */
function placeAfter(
  places: readonly HTMLElement[],
  from: HTMLElement | null,
  by: number,
): HTMLElement | undefined {
  if (!from) return by > 0 ? places[0] : places.at(-1);
  const follows = (one: HTMLElement) =>
    Boolean(from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  const others = places.filter((one) => one !== from);
  if (by > 0) return others.find(follows) ?? places.at(-1);
  return others.findLast((one) => !follows(one)) ?? places[0];
}
