/** One model call: what was asked, what came back, what it took. */
import { useState, type ReactNode } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Said } from "@/components/said";
import { When } from "@/components/when";
import { isGone } from "@/lib/api";
import { cost, duration } from "@/lib/format";
import { useWholeCall, type Call } from "../../api/use-calls";
import { ToolList } from "./tool-list";
import { Whole } from "./whole-call";

interface Props {
  call: Call;
  taskId: string;
  /** Whether the address leads to it. */
  chosen: boolean;
  onChoose: () => void;
  /** In a replay: how much of the answer has been given, from 0 to 1. */
  share?: number;
}

export function CallCard({ call, taskId, chosen, onChoose, share = 1 }: Props) {
  const [open, setOpen] = useState(false);
  const whole = useWholeCall(taskId, call.id, open && !call.forgotten);
  const expired = isGone(whole.error);
  const words = call.heard.filter((one) => one.author !== "tool");
  const results = call.heard.filter((one) => one.author === "tool");
  const over = share >= 1;
  return (
    <article
      id={`call-${call.id}`}
      className={chosen ? "call call-chosen" : "call"}
      aria-label={`${call.role}, ${call.model}`}
    >
      <CallHead role={call.role} model={call.model} attempt={call.attempt}>
        <span className="call-when">
          <When at={call.ts} />
          <button type="button" className="plain-button" onClick={onChoose}>
            Link
          </button>
        </span>
      </CallHead>
      {call.forgotten ? (
        <p className="quiet">What was said is no longer kept; its figures are.</p>
      ) : open ? (
        whole.data ? (
          <Whole call={whole.data} />
        ) : (
          <p role="status" className={whole.error ? "trouble" : "quiet"}>
            {expired
              ? "What was said is no longer kept."
              : whole.error
                ? "The whole text could not be loaded."
                : "Loading all of it…"}
          </p>
        )
      ) : (
        <>
          {words.map((one, at) => (
            <Bubble key={at} side="prompt" short who={WHO[one.author] ?? one.author}>
              <Said text={one.chars > one.preview.length ? `${one.preview}…` : one.preview} />
            </Bubble>
          ))}
          <ToolList title="result" tools={results.map((one) => ["", one.preview] as const)} />
          {share === 0 ? (
            <Thinking role={call.role} />
          ) : (
            call.preview && (
              <Bubble side="response" who={call.role}>
                <Said text={spoken(call, share)} />
              </Bubble>
            )
          )}
          {over && (
            <ToolList
              title="call"
              tools={call.calls.map((one) => [one.name, one.arguments] as const)}
            />
          )}
        </>
      )}
      {over && call.error && (
        <p className="trouble">
          Failed: <ForeignText text={call.error} />
        </p>
      )}
      {over && (
        <footer className="call-foot">
          <Figures call={call} />
          {!call.forgotten && (
            <button type="button" className="plain-button" onClick={() => setOpen(!open)}>
              {open
                ? "Show less"
                : `Show all ${(call.prompt_chars + call.response_chars).toLocaleString()} characters`}
            </button>
          )}
        </footer>
      )}
    </article>
  );
}

/** As much of the beginning of an answer as has been given. */
function spoken({ preview, response_chars: chars }: Call, share: number): string {
  if (share < 1) return preview.slice(0, Math.ceil(share * preview.length));
  return chars > preview.length ? `${preview}…` : preview;
}

const WHO: Record<string, string> = { user: "Anton", system: "Rules", assistant: "Before" };

interface HeadProps {
  role: string;
  model: string;
  attempt?: number;
  children?: ReactNode;
}

export function CallHead({ role, model, attempt = 1, children }: HeadProps) {
  return (
    <header className="call-head">
      <span className={`role role-${role.replace(/[^a-z]/g, "")}`}>{role}</span>
      <span className="quiet">
        {model}
        {attempt > 1 && ` · attempt ${attempt}`}
      </span>
      {children}
    </header>
  );
}

interface BubbleProps {
  side: "prompt" | "response";
  /** Whether a few lines of it are enough. */
  short?: boolean;
  who: string;
  children: ReactNode;
}

export function Bubble({ side, short = false, who, children }: BubbleProps) {
  return (
    <div className={`bubble bubble-${side}`}>
      <span className="bubble-who">{who}</span>
      <div className={short ? "bubble-text bubble-short" : "bubble-text"}>{children}</div>
    </div>
  );
}

export function Thinking({ role }: { role: string }) {
  return (
    <div className="bubble bubble-response thinking">
      <span className="bubble-who">{role}</span>
      <span>
        Thinking
        <span aria-hidden="true" className="thinking-dots">
          <i />
          <i />
          <i />
        </span>
      </span>
    </div>
  );
}

function Figures({ call }: { call: Call }) {
  return (
    <span className="call-figures">
      <span>
        {call.tokens_in.toLocaleString()} in
        {call.tokens_cached > 0 && ` (${call.tokens_cached.toLocaleString()} cached)`}
      </span>
      <span>{call.tokens_out.toLocaleString()} out</span>
      <span>{cost(call.cost_usd)}</span>
      <span>{duration(call.latency_ms)}</span>
    </span>
  );
}
