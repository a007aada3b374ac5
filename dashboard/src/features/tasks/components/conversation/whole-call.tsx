/** All that was said in one model call. */
import { Log } from "@/components/log";
import { Said } from "@/components/said";
import type { WholeCall } from "../../api/use-calls";
import { Bubble } from "./call-card";
import { ToolList } from "./tool-list";

export function Whole({ call }: { call: WholeCall }) {
  return (
    <>
      {call.system && (
        <details className="tools">
          <summary>
            Rules of the role{" "}
            <span className="quiet">{call.system.length.toLocaleString()} characters</span>
          </summary>
          <Log text={call.system} />
        </details>
      )}
      {call.messages.map((one, at) =>
        one.author === "tool" ? (
          <ToolList key={at} title="result" tools={[["", one.text]]} />
        ) : (
          <div key={at} className="said-whole">
            {one.text && (
              <Bubble
                side={one.author === "assistant" ? "response" : "prompt"}
                who={one.author === "assistant" ? `${call.role}, before` : "Anton"}
              >
                <Said text={one.text} />
              </Bubble>
            )}
            <ToolList
              title="call"
              tools={(one.calls ?? []).map((wish) => [wish.name, wish.arguments] as const)}
            />
          </div>
        ),
      )}
      {call.response && (
        <Bubble side="response" who={call.role}>
          <Said text={call.response} />
        </Bubble>
      )}
      <ToolList title="call" tools={call.calls.map((one) => [one.name, one.arguments] as const)} />
    </>
  );
}
