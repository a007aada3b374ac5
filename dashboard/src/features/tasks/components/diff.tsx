/** A patch, line by line; the number of each new line takes a comment. */
import { useMemo, useRef, useState } from "react";
import { ForeignText } from "@/components/foreign-text";
import { lineName, parseDiff, type DiffFile, type DiffLine } from "@/lib/diff";
import { useKeys } from "@/lib/keys";
import type { LineComment } from "../api/decide";

const LINES_MAX = 3_000;

interface Props {
  diff: string;
  /** Lines of the revision that was seen before; what is not among them is marked. */
  seenBefore?: ReadonlySet<string>;
  comments: readonly LineComment[];
  /** Undefined when nobody can answer any more. */
  onComments?: (comments: LineComment[]) => void;
}

export function Diff({ diff, seenBefore, comments, onComments }: Props) {
  const files = useMemo(() => parseDiff(diff), [diff]);
  const [open, setOpen] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const move = (by: number) => {
    const numbers = [...(root.current?.querySelectorAll<HTMLElement>("tr.changed button") ?? [])];
    const at = numbers.indexOf(document.activeElement as HTMLElement);
    const next = at < 0 ? (by > 0 ? 0 : numbers.length - 1) : at + by;
    const found = numbers[Math.min(numbers.length - 1, Math.max(0, next))];
    found?.focus();
    found?.scrollIntoView({ block: "center" });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    c: () => {
      const active = document.activeElement;
      if (active instanceof HTMLElement && root.current?.contains(active)) active.click();
      else root.current?.querySelector<HTMLElement>("tr.changed button")?.click();
    },
  });
  const put = (path: string, line: number, text: string) => {
    const others = comments.filter((one) => one.path !== path || one.line !== line);
    onComments?.(text ? [...others, { path, line, text }] : others);
    setOpen("");
  };
  return (
    <div ref={root} className="diff">
      {files.map((file) => (
        <FileDiff
          key={file.path}
          file={file}
          seenBefore={seenBefore}
          comments={comments.filter((one) => one.path === file.path)}
          open={open}
          onOpen={onComments && setOpen}
          onPut={put}
        />
      ))}
    </div>
  );
}

interface FileProps {
  file: DiffFile;
  seenBefore?: ReadonlySet<string>;
  comments: readonly LineComment[];
  open: string;
  onOpen?: (place: string) => void;
  onPut: (path: string, line: number, text: string) => void;
}

function FileDiff({ file, seenBefore, comments, open, onOpen, onPut }: FileProps) {
  const [anyway, setAnyway] = useState(false);
  const lines = file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
  return (
    <section className="file" aria-label={file.path}>
      <header>
        <h2>
          <ForeignText text={file.path} />
        </h2>
        <span>
          <span className="added">+{file.added}</span>{" "}
          <span className="removed">−{file.removed}</span>
        </span>
      </header>
      {file.notes.map((note) => (
        <p key={note} className="file-note">
          <ForeignText text={note} />
        </p>
      ))}
      {lines > LINES_MAX && !anyway ? (
        <button type="button" onClick={() => setAnyway(true)}>
          {lines} lines. Show anyway
        </button>
      ) : (
        <table>
          <caption className="visually-hidden">Changes in {file.path}</caption>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">Old line</th>
              <th scope="col">New line</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          {file.hunks.map((hunk) => (
            <tbody key={hunk.header}>
              <tr className="hunk">
                <td colSpan={3}>
                  <ForeignText text={hunk.header} />
                </td>
              </tr>
              {hunk.lines.map((line, at) => (
                <Line
                  key={at}
                  path={file.path}
                  line={line}
                  fresh={seenBefore !== undefined && !seenBefore.has(lineName(file.path, line))}
                  comment={comments.find((one) => one.line === line.new && line.new !== null)}
                  open={open === `${file.path}:${line.new}` && line.new !== null}
                  onOpen={onOpen}
                  onPut={onPut}
                />
              ))}
            </tbody>
          ))}
        </table>
      )}
    </section>
  );
}

interface LineProps {
  path: string;
  line: DiffLine;
  fresh: boolean;
  comment: LineComment | undefined;
  open: boolean;
  onOpen?: (place: string) => void;
  onPut: (path: string, line: number, text: string) => void;
}

const SIGNS = { context: " ", added: "+", removed: "−", note: " " };

function Line({ path, line, fresh, comment, open, onOpen, onPut }: LineProps) {
  const changed = line.kind === "added" || line.kind === "removed";
  const number = line.new;
  return (
    <>
      <tr className={`line ${line.kind}${changed ? " changed" : ""}${fresh ? " fresh" : ""}`}>
        <td className="number old">{line.old}</td>
        <td className="number">
          {number !== null && onOpen ? (
            <button
              type="button"
              aria-label={`Comment on line ${number}`}
              onClick={() => onOpen(`${path}:${number}`)}
            >
              {number}
            </button>
          ) : (
            (number ?? <span className="one-gutter">{line.old}</span>)
          )}
        </td>
        <td className="code">
          <span className="sign">{SIGNS[line.kind]}</span>
          <ForeignText text={line.text} />
        </td>
      </tr>
      {number !== null && (open || comment) && (
        <tr className="comment">
          <td colSpan={3}>
            {open ? (
              <CommentBox
                label={`Comment on ${path}, line ${number}`}
                before={comment?.text ?? ""}
                onPut={(text) => onPut(path, number, text)}
              />
            ) : (
              <button type="button" className="said" onClick={() => onOpen?.(`${path}:${number}`)}>
                {comment?.text}
              </button>
            )}
          </td>
        </tr>
      )}
    </>
  );
}

interface BoxProps {
  label: string;
  before: string;
  onPut: (text: string) => void;
}

function CommentBox({ label, before, onPut }: BoxProps) {
  const [text, setText] = useState(before);
  return (
    <div className="comment-box">
      <textarea
        // eslint-disable-next-line jsx-a11y/no-autofocus -- opened by the person who will write here
        autoFocus
        aria-label={label}
        rows={3}
        maxLength={5000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) onPut(text.trim());
          if (event.key === "Escape") onPut(before);
        }}
      />
      <div className="buttons">
        <button type="button" className="primary" onClick={() => onPut(text.trim())}>
          Keep comment
        </button>
        <button type="button" onClick={() => onPut(before)}>
          Leave it
        </button>
      </div>
      <p className="quiet">It is sent with “Request changes”.</p>
    </div>
  );
}
