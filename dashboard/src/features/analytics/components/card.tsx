/** One question, its answer in a figure, the chart, and the same as a table. */
import type { ReactNode } from "react";

interface Props {
  question: string;
  answer: ReactNode;
  note?: ReactNode;
  children?: ReactNode;
  table?: ReactNode;
  wide?: boolean;
}

export function Card({ question, answer, note, children, table, wide }: Props) {
  return (
    <section className={wide ? "card figure figure-wide" : "card figure"} aria-label={question}>
      <h2>{question}</h2>
      <p className="figure-answer">{answer}</p>
      {note && <div className="quiet figure-note">{note}</div>}
      {children}
      {table && (
        <details>
          <summary>
            As a table<span className="visually-hidden">: {question}</span>
          </summary>
          {table}
        </details>
      )}
    </section>
  );
}

interface TableProps {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}

export function Table({ caption, head, rows }: TableProps) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroll area takes the focus
    <div className="table-scroll" tabIndex={0} role="group" aria-label={caption}>
      <table className="plain">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) =>
                column === 0 ? (
                  <th key={column} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={column}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
