/** An event in one line; its data is foreign, and what does not fit is left out. */
import { nodeLabel } from "@/config/nodes";
import { cost, duration, plural, words } from "@/lib/format";
import type { LoggedEvent } from "@/lib/events";

type Data = Record<string, unknown>;

const text = (value: unknown) =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
const took = (value: unknown) => (typeof value === "number" ? duration(value) : "");
const price = (value: unknown) =>
  typeof value === "number" ? cost(value) : value === null ? cost(null) : "";
const count = (value: unknown) => (Array.isArray(value) ? value.length : Number(value ?? 0));
const joined = (...parts: string[]) => parts.filter(Boolean).join(" · ");

function call(data: Data): string {
  const tokens =
    data.tokens_in === undefined ? "" : `${text(data.tokens_in)} → ${text(data.tokens_out)} tokens`;
  const failed = data.ok === false ? `failed: ${text(data.error)}` : "";
  const said = text(data.response_preview) || text(data.prompt_preview);
  return joined(text(data.model), failed, tokens, price(data.cost_usd), took(data.ms), said);
}

function role(data: Data): string {
  const failed = data.ok === false ? `failed: ${text(data.error) || text(data.why)}` : "";
  const by = text(data.model) || text(data.engine);
  return joined(nodeLabel(text(data.node)), by, failed, price(data.cost_usd), took(data.ms));
}

function tool(data: Data): string {
  const failed = data.ok === false ? "failed" : "";
  const said = text(data.result_preview) || text(data.args_preview);
  return joined(text(data.tool), failed, took(data.ms), said);
}

const TELLERS: Partial<Record<LoggedEvent["type"], (data: Data) => string>> = {
  node: (data) =>
    joined(
      `${nodeLabel(text(data.node))} ${text(data.state)}`,
      took(data.ms),
      text(data.summary) || text(data.reason),
    ),
  status: (data) => joined(words(text(data.status)), text(data.reason)),
  end: (data) => joined(words(text(data.outcome)), price(data.cost_usd), text(data.reason)),
  llm_start: call,
  llm_end: call,
  agent_start: role,
  agent_end: role,
  tool_start: tool,
  tool_end: tool,
  diagnosis: (data) => text(data.root_cause),
  patch: (data) =>
    joined(
      data.revision ? `r${text(data.revision)}` : "",
      plural(count(data.files), "file"),
      `+${text(data.added)} −${text(data.removed)}`,
      data.risk ? `risk ${text(data.risk)}` : "",
    ),
  evidence: (data) => joined(words(text(data.verdict)), took(data.ms)),
  review: (data) => joined(text(data.verdict), plural(count(data.issues), "issue")),
  approval: (data) =>
    joined(
      `${words(text(data.kind))} ${words(text(data.state)).toLowerCase()}`,
      data.revision ? `r${text(data.revision)}` : "",
      text(data.question),
    ),
  budget: (data) =>
    joined(text(data.notice), `${price(data.cost_usd)} of ${price(data.limit_usd)}`),
  pull_request: (data) => joined(text(data.url), text(data.state)),
  effect: (data) => joined(text(data.step), text(data.state), text(data.detail)),
  alert: (data) => joined(text(data.name), text(data.said) || text(data.text)),
  demo: (data) => joined(words(text(data.state)), text(data.reason) || text(data.detail)),
  identity: (data) =>
    joined(
      `v${text(data.version)} by ${text(data.cause)}`,
      `+${count(data.added)} −${count(data.removed)} rules`,
    ),
  integration: (data) => joined(text(data.name), text(data.state), text(data.detail)),
  incident: (data) => joined(words(text(data.state)), text(data.title), text(data.reason)),
};

const LINE_MAX = 300;

export function toldOf(event: LoggedEvent): string {
  const told = TELLERS[event.type]?.(event.data ?? {}) ?? "";
  return told.replace(/\s+/g, " ").slice(0, LINE_MAX);
}

/** Whether it tells of something that went wrong. */
export function isBad(event: LoggedEvent): boolean {
  const { ok, state, outcome, status } = event.data ?? {};
  return ok === false || [state, outcome, status].includes("failed") || event.type === "alert";
}
