/** The Markdown that Anton's own code writes: headings, lists, paragraphs, code; never HTML. */
import { Log } from "./log";
import { Prose } from "./prose";

type Block =
  { kind: "heading" | "paragraph" | "code"; text: string } | { kind: "list"; items: string[] };

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let fence: string[] | null = null;
  for (const line of text.split("\n")) {
    const last = blocks.at(-1);
    if (line.startsWith("```")) {
      if (fence) blocks.push({ kind: "code", text: fence.join("\n") });
      fence = fence ? null : [];
    } else if (fence) fence.push(line);
    else if (/^#{1,6} /.test(line))
      blocks.push({ kind: "heading", text: line.replace(/^#+ /, "") });
    else if (/^\*\*[^*]+\*\*$/.test(line))
      blocks.push({ kind: "heading", text: line.slice(2, -2) });
    else if (/^[-*] /.test(line)) {
      if (last?.kind === "list") last.items.push(line.slice(2));
      else blocks.push({ kind: "list", items: [line.slice(2)] });
    } else if (!line.trim()) blocks.push({ kind: "paragraph", text: "" });
    else if (last?.kind === "paragraph" && last.text) last.text += ` ${line.trim()}`;
    else blocks.push({ kind: "paragraph", text: line.trim() });
  }
  if (fence) blocks.push({ kind: "code", text: fence.join("\n") });
  return blocks.filter((block) => block.kind === "list" || block.text);
}

export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      {blocksOf(text).map((block, at) =>
        block.kind === "list" ? (
          <ul key={at} className="bullets">
            {block.items.map((item, place) => (
              <li key={place}>
                <Prose text={item} />
              </li>
            ))}
          </ul>
        ) : block.kind === "code" ? (
          <Log key={at} text={block.text} />
        ) : block.kind === "heading" ? (
          <p key={at}>
            <strong>
              <Prose text={block.text} />
            </strong>
          </p>
        ) : (
          <p key={at}>
            <Prose text={block.text} />
          </p>
        ),
      )}
    </div>
  );
}
