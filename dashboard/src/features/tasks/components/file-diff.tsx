/** The changes of one file; a long one is drawn in pieces, as they come into sight. */
import { useEffect, useMemo, useRef, useState } from "react";
import { ForeignText } from "@/components/foreign-text";
import { OnSight } from "@/components/on-sight";
import type { DiffFile, DiffLine } from "@/lib/diff";
import { languageOf } from "@/lib/highlight";
import type { LineComment } from "../api/decide";
import { Line } from "./diff-line";

const LINES_MAX = 3_000;
/** Above so many lines a file is shown without colours of syntax. */
const COLOURED_MAX = 500;
const PIECE = 200;
/** Lines of a file that are drawn at once, wherever they are. */
const DRAWN = 600;
const LINE_PX = 21;

interface Props {
  file: DiffFile;
  viewed: boolean;
  onViewed: () => void;
  /** The line that the address leads to, 0 for the file; undefined when it leads elsewhere. */
  linked?: number;
  comments: readonly LineComment[];
  open: string;
  onOpen?: (place: string) => void;
  onPut: (path: string, line: number, text: string) => void;
}

interface Piece {
  /** How many lines of the file stand before it. */
  before: number;
  header: string;
  lines: DiffLine[];
}

export function FileDiff(props: Props) {
  const { file, viewed, onViewed, linked } = props;
  const [anyway, setAnyway] = useState(false);
  const lines = linesOf(file);
  const top = useRef<HTMLElement>(null);
  useEffect(() => {
    if (linked === undefined) return;
    const row = top.current?.querySelector("tr.linked");
    (row ?? top.current)?.scrollIntoView({ block: row ? "center" : "start" });
  }, [linked]);
  return (
    <section className="file" aria-label={file.path} data-file={file.path} ref={top}>
      <header>
        <h2>
          <ForeignText text={file.path} />
        </h2>
        <span className="file-size">
          <span className="added">+{file.added}</span>{" "}
          <span className="removed">−{file.removed}</span>
        </span>
        <label className="viewed">
          <input type="checkbox" checked={viewed} onChange={onViewed} /> Viewed
        </label>
      </header>
      {!viewed &&
        file.notes.map((note) => (
          <p key={note} className="file-note">
            <ForeignText text={note} />
          </p>
        ))}
      {viewed ? null : lines > LINES_MAX && !anyway ? (
        <p className="file-note">
          {lines.toLocaleString()} lines.{" "}
          <button type="button" onClick={() => setAnyway(true)}>
            Show anyway
          </button>
        </p>
      ) : (
        <Pieces {...props} />
      )}
    </section>
  );
}

function Pieces({ file, linked, comments, open, onOpen, onPut }: Props) {
  const pieces = useMemo(() => piecesOf(file), [file]);
  const target = useMemo(() => lineAt(file, linked), [file, linked]);
  const language = linesOf(file) <= COLOURED_MAX ? languageOf(file.path) : null;
  return pieces.map((piece, at) => (
    <OnSight
      key={at}
      height={piece.lines.length * LINE_PX}
      now={piece.before < DRAWN || (target !== undefined && piece.lines.includes(target))}
    >
      <table>
        <caption className="visually-hidden">
          Changes in {file.path}, part {at + 1} of {pieces.length}
        </caption>
        <colgroup>
          <col className="col-number col-old" />
          <col className="col-number" />
          <col />
        </colgroup>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Old line</th>
            <th scope="col">New line</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {piece.header && (
            <tr className="hunk">
              <td colSpan={3} tabIndex={-1}>
                <ForeignText text={piece.header} />
              </td>
            </tr>
          )}
          {piece.lines.map((line, place) => (
            <Line
              key={place}
              path={file.path}
              line={line}
              language={language}
              linked={line === target}
              comment={comments.find((one) => one.line === line.new && line.new !== null)}
              open={open === `${file.path}:${line.new}` && line.new !== null}
              onOpen={onOpen}
              onPut={onPut}
            />
          ))}
        </tbody>
      </table>
    </OnSight>
  ));
}

/** The line of a number: as it is now, else as it was. */
function lineAt(file: DiffFile, number: number | undefined): DiffLine | undefined {
  if (!number) return undefined;
  const lines = file.hunks.flatMap((hunk) => hunk.lines);
  return lines.find((one) => one.new === number) ?? lines.find((one) => one.old === number);
}

function linesOf(file: DiffFile): number {
  return file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
}

/** How high a file is drawn, about. */
export function heightOf(file: DiffFile): number {
  return 60 + Math.min(linesOf(file), LINES_MAX) * LINE_PX;
}

/** Hunks, the long ones in parts; only the first part has the header. */
function piecesOf(file: DiffFile): Piece[] {
  let before = 0;
  return file.hunks.flatMap(({ header, lines }) => {
    const parts = Math.max(1, Math.ceil(lines.length / PIECE));
    return Array.from({ length: parts }, (_, at) => {
      const piece = {
        before,
        header: at === 0 ? header : "",
        lines: lines.slice(at * PIECE, (at + 1) * PIECE),
      };
      before += piece.lines.length;
      return piece;
    });
  });
}
