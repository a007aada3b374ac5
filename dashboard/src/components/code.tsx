/** A line of foreign code, in the colours of its language; hidden characters are shown by name. */
import { tokensOf, type Language } from "@/lib/highlight";
import { ForeignText } from "./foreign-text";

const LONGEST = 2_000;

export function Code({ text, language }: { text: string; language: Language | null }) {
  if (!language || text.length > LONGEST) return <ForeignText text={text} />;
  return tokensOf(text, language).map(({ kind, text: part }, at) =>
    kind === "plain" ? (
      <ForeignText key={at} text={part} />
    ) : (
      <span key={at} className={`syntax-${kind}`}>
        <ForeignText text={part} />
      </span>
    ),
  );
}
