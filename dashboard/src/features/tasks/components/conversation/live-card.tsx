/** A model call under way: a pulse until the first word, then the words as they come. */
import { ForeignText } from "@/components/foreign-text";
import { Said } from "@/components/said";
import { useNow } from "@/lib/clock";
import { since } from "@/lib/format";
import { useSpeech } from "@/lib/live";
import type { Begun } from "../../api/use-calls";
import { Bubble, CallHead, Thinking } from "./call-card";

export function LiveCard({ call }: { call: Begun }) {
  const speech = useSpeech(call.callId);
  const now = useNow(1_000);
  return (
    <article
      id={`call-${call.id}`}
      className="call call-live"
      aria-label={`${call.role}, ${call.model}`}
    >
      <CallHead role={call.role} model={call.model}>
        <span className="call-when quiet">for {since(call.ts, now)}</span>
      </CallHead>
      <Bubble side="prompt" who="Anton">
        <Said text={call.chars > call.preview.length ? `${call.preview}…` : call.preview} />
      </Bubble>
      {speech.reasoning && !speech.text && (
        <details className="tools">
          <summary>Its thoughts so far</summary>
          <p className="bubble-text">
            <ForeignText text={speech.reasoning} />
          </p>
        </details>
      )}
      {speech.text ? (
        <Bubble side="response" who={call.role}>
          <Said text={speech.text} />
          <span aria-hidden="true" className="caret" />
        </Bubble>
      ) : (
        <Thinking role={call.role} />
      )}
    </article>
  );
}
