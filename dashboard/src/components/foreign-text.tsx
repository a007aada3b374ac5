/** Text of strangers: only ever text, with hidden characters shown by name. */
import { revealed } from "@/lib/format";

export function ForeignText({ text }: { text: string }) {
  return revealed(text).map((piece, at) =>
    piece.hidden ? (
      <span key={at} className="hidden-char" title={`Hidden character ${piece.hidden}`}>
        {piece.hidden}
      </span>
    ) : (
      piece.text
    ),
  );
}
