/** What somebody has to know before a yes, the gravest first. */
import { Prose } from "@/components/prose";
import type { Caveat } from "../api/briefing";

export function Caveats({ caveats }: { caveats: readonly Caveat[] }) {
  if (!caveats.length) return null;
  return (
    <ul className="caveats" aria-label="To be known before a yes">
      {caveats.map(({ name, text, grave }) => (
        <li key={`${name}:${text}`} className={grave ? "caveat-grave" : undefined}>
          <strong>
            {grave && <span aria-hidden="true">⚠ </span>}
            {name}
          </strong>{" "}
          <Prose text={text} />
        </li>
      ))}
    </ul>
  );
}
