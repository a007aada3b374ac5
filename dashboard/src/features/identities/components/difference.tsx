/** What is other between two versions: rules that came, changed or went, the last with why. */
import { ForeignText } from "@/components/foreign-text";
import { words } from "@/lib/format";
import type { Difference } from "../api/use-identities";

type Standing = Difference["changed"][number]["before"];

export function DifferenceList({ found }: { found: Difference }) {
  const { added, changed, removed, beside } = found;
  if (added.length + changed.length + removed.length + beside.length === 0)
    return <p className="quiet">The two hold the same.</p>;
  return (
    <ul className="difference" aria-label={`v${found.version} against v${found.against}`}>
      {added.map((one) => (
        <Line key={one.text} sign="+" name="Added" tone="added" text={one.text}>
          {counts(one.after)}
        </Line>
      ))}
      {changed.map((one) => (
        <Line key={one.text} sign="~" name="Changed" tone="" text={one.text}>
          {moved(one.before, one.after)}
        </Line>
      ))}
      {removed.map((one) => (
        <Line key={one.text} sign="−" name="Removed" tone="removed" text={one.text}>
          {one.reason ? <ForeignText text={one.reason} /> : counts(one.before)}
        </Line>
      ))}
      {beside.map((one) => (
        <Line key={one} sign="~" name="Changed" tone="" text={words(one)}>
          beside the rules
        </Line>
      ))}
    </ul>
  );
}

interface LineProps {
  sign: string;
  name: string;
  tone: string;
  text: string;
  children: React.ReactNode;
}

function Line({ sign, name, tone, text, children }: LineProps) {
  return (
    <li>
      <span className={`sign ${tone}`} aria-hidden="true">
        {sign}
      </span>
      <span>
        <span className="visually-hidden">{name}: </span>
        <ForeignText text={text} />
        <span className="quiet difference-why">{children}</span>
      </span>
    </li>
  );
}

function counts({ use_count: uses, success_count: well }: Standing): string {
  return uses ? `${well} of ${uses} went well` : "not used yet";
}

function moved(before: Standing, after: Standing): string {
  const said = [];
  if (before.use_count !== after.use_count || before.success_count !== after.success_count)
    said.push(`${tally(before)} → ${tally(after)}`);
  if (before.pinned !== after.pinned) said.push(after.pinned ? "pinned" : "no longer pinned");
  return said.join(", ");
}

function tally({ use_count: uses, success_count: well }: Standing): string {
  return `${well} of ${uses}`;
}
