/** One line of a patch, and the comment on it. */
import { memo, useState } from "react";
import { Code } from "@/components/code";
import type { DiffLine } from "@/lib/diff";
import type { Language } from "@/lib/highlight";
import type { LineComment } from "../api/decide";

interface Props {
  path: string;
  line: DiffLine;
  language: Language | null;
  /** Whether the address leads here. */
  linked: boolean;
  comment: LineComment | undefined;
  open: boolean;
  onOpen?: (place: string) => void;
  onPut: (path: string, line: number, text: string) => void;
}

const SIGNS = { context: " ", added: "+", removed: "−", note: " " };

export const Line = memo(function Line(props: Props) {
  const { path, line, language, linked, comment, open, onOpen, onPut } = props;
  const changed = line.kind === "added" || line.kind === "removed";
  const number = line.new;
  const marks = [line.kind, changed ? "changed" : "", linked ? "linked" : ""].filter(Boolean);
  return (
    <>
      <tr className={`line ${marks.join(" ")}`}>
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
          <Code text={line.text} language={language} />
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
});

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
