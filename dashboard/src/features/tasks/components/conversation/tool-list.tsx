/** Tools of a model call, folded: what it wanted, or what came of it. */
import { Log } from "@/components/log";
import { plural } from "@/lib/format";

interface Props {
  title: "call" | "result";
  /** Name, and arguments or result. */
  tools: readonly (readonly [name: string, text: string])[];
}

export function ToolList({ title, tools }: Props) {
  if (!tools.length) return null;
  const names = [...new Set(tools.map(([name]) => name).filter(Boolean))].join(", ");
  return (
    <details className="tools">
      <summary>
        {plural(tools.length, `tool ${title}`)}
        {names && <span className="quiet"> {names}</span>}
      </summary>
      {tools.map(([name, text], at) => (
        <div key={at}>
          {name && <code>{name}</code>}
          {text && <Log text={text} />}
        </div>
      ))}
    </details>
  );
}
