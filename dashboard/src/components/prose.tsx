/** One paragraph of foreign words, in which `code` stands out. */
import { ForeignText } from "./foreign-text";

export function Prose({ text }: { text: string }) {
  return text.split(/(`[^`\n]+`)/).map((part, at) =>
    part.length > 2 && part.startsWith("`") && part.endsWith("`") ? (
      <code key={at} className="inline-code">
        <ForeignText text={part.slice(1, -1)} />
      </code>
    ) : (
      <ForeignText key={at} text={part} />
    ),
  );
}
