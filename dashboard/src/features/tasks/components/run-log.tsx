/** What a test run printed: its end at first, all of it on demand or as a file. */
import { useState } from "react";
import { Log } from "@/components/log";

const FOLDED = 200;

export function RunLog({ text, name }: { text: string; name: string }) {
  const [all, setAll] = useState(false);
  const lines = text.split("\n");
  const hidden = lines.length - FOLDED;
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <details>
      <summary>Log, {lines.length.toLocaleString()} lines</summary>
      <div className="buttons">
        {hidden > 0 && (
          <button type="button" onClick={() => setAll(!all)}>
            {all ? `Show the last ${FOLDED} lines` : `Show ${hidden.toLocaleString()} lines before`}
          </button>
        )}
        <button type="button" onClick={save}>
          Download
        </button>
      </div>
      <Log text={all || hidden <= 0 ? text : lines.slice(-FOLDED).join("\n")} />
    </details>
  );
}
