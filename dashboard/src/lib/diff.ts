/** A git diff as files, hunks and numbered lines. */

export interface DiffLine {
  kind: "context" | "added" | "removed" | "note";
  old: number | null;
  new: number | null;
  text: string;
}

export interface Hunk {
  header: string;
  lines: DiffLine[];
}

export interface DiffFile {
  path: string;
  /** What happened to the file beside its lines, as `new file` or `mode 100644 → 100755`. */
  notes: string[];
  hunks: Hunk[];
  added: number;
  removed: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/;

export function parseDiff(diff: string): DiffFile[] {
  const files: DiffFile[] = [];
  let file: DiffFile | undefined;
  let hunk: Hunk | undefined;
  let old = 0;
  let fresh = 0;
  let oldLeft = 0;
  let newLeft = 0;
  for (const line of diff.split("\n")) {
    if (hunk && (oldLeft > 0 || newLeft > 0)) {
      const text = line.slice(1);
      if (line.startsWith("+")) {
        hunk.lines.push({ kind: "added", old: null, new: fresh++, text });
        newLeft -= 1;
        if (file) file.added += 1;
      } else if (line.startsWith("-")) {
        hunk.lines.push({ kind: "removed", old: old++, new: null, text });
        oldLeft -= 1;
        if (file) file.removed += 1;
      } else if (line.startsWith("\\")) {
        hunk.lines.push({ kind: "note", old: null, new: null, text: text.trim() });
      } else {
        hunk.lines.push({ kind: "context", old: old++, new: fresh++, text });
        oldLeft -= 1;
        newLeft -= 1;
      }
      continue;
    }
    if (line.startsWith("diff --git ")) {
      file = { path: pathOf(line), notes: [], hunks: [], added: 0, removed: 0 };
      files.push(file);
      hunk = undefined;
      continue;
    }
    const match = HUNK.exec(line);
    if (match && file) {
      old = Number(match[1]);
      fresh = Number(match[3]);
      oldLeft = Number(match[2] ?? 1);
      newLeft = Number(match[4] ?? 1);
      hunk = { header: line, lines: [] };
      file.hunks.push(hunk);
    } else if (hunk && line.startsWith("\\")) {
      hunk.lines.push({ kind: "note", old: null, new: null, text: line.slice(1).trim() });
    } else if (file && line && !/^(index|---|\+\+\+) /.test(line)) file.notes.push(line);
  }
  return files;
}

function pathOf(line: string): string {
  const names = line.slice("diff --git ".length);
  const quoted = /"b\/((?:[^"\\]|\\.)*)"$/.exec(names);
  if (quoted) return quoted[1] ?? names;
  const half = (names.length - 1) / 2;
  const [left, right] = [names.slice(0, half), names.slice(half + 1)];
  if (left.slice(2) === right.slice(2)) return right.slice(2);
  return names.slice(names.lastIndexOf(" b/") + 3);
}
