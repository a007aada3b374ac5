/** Foreign words of several lines; what stands between code fences is set as code. */
import { ForeignText } from "./foreign-text";

const FENCE = /^```[^\n]*\n([\s\S]*?)(?:^```[^\n]*(?:\n|$)|$(?![\s\S]))/gm;

export function Said({ text }: { text: string }) {
  const parts: { code: boolean; text: string }[] = [];
  let at = 0;
  for (const match of text.matchAll(FENCE)) {
    parts.push({ code: false, text: text.slice(at, match.index) });
    parts.push({ code: true, text: (match[1] ?? "").replace(/\n$/, "") });
    at = match.index + match[0].length;
  }
  parts.push({ code: false, text: text.slice(at) });
  return parts
    .filter((part) => part.text.trim())
    .map((part, place) =>
      part.code ? (
        <code key={place} className="said-code">
          <ForeignText text={part.text} />
        </code>
      ) : (
        <span key={place}>
          <ForeignText text={parts.length > 1 ? part.text.trim() : part.text} />
        </span>
      ),
    );
}
