/** What the stream says, and who listens to it. */

export interface AntonEvent {
  v: number;
  seq: number;
  ts: string;
  type: string;
  task_id: string;
  incident_id?: string;
  role?: string;
  data: Record<string, unknown>;
}

export type Connection = "connecting" | "live" | "reconnecting" | "signed_out";

/** A piece of what a model is saying now; not stored, and not numbered. */
export interface LivePart {
  type: "llm_delta" | "llm_snapshot";
  call_id: string;
  task_id: string;
  role: string;
  node: string;
  channel: "text" | "reasoning";
  /** Characters that were said before it. */
  offset: number;
  text: string;
}

export interface Listener {
  /** Events in order, none twice; batched. */
  events?: (events: readonly AntonEvent[]) => void;
  /** Something was missed for good: everything shown has to be fetched again. */
  resync?: (reason: string) => void;
  connection?: (state: Connection, lastHeardAt: number) => void;
  /** Words of a model, of the tasks that are watched. */
  live?: (part: LivePart) => void;
}
