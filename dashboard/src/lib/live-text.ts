/** What models are saying now, put together from its pieces; gone when the call is over. */
import type { LivePart } from "@/lib/stream/said";
import type { Stream } from "@/lib/stream/stream";

export interface Speech {
  text: string;
  reasoning: string;
}

const SILENT: Speech = { text: "", reasoning: "" };
const CALLS_MAX = 32;

export class LiveTexts {
  private readonly calls = new Map<string, Speech>();
  private readonly listeners = new Set<() => void>();

  /** Whether the piece fitted; one that does not has to be asked for again. */
  take(part: LivePart): boolean {
    const before = this.calls.get(part.call_id) ?? SILENT;
    const said = before[part.channel];
    if (part.type === "llm_delta" && part.offset !== said.length) {
      if (part.offset + part.text.length <= said.length) return true;
      return false;
    }
    const text = part.type === "llm_delta" ? said + part.text : part.text;
    this.calls.delete(part.call_id);
    this.calls.set(part.call_id, { ...before, [part.channel]: text });
    for (const oldest of this.calls.keys()) {
      if (this.calls.size <= CALLS_MAX) break;
      this.calls.delete(oldest);
    }
    for (const listener of this.listeners) listener();
    return true;
  }

  of(callId: string): Speech {
    return this.calls.get(callId) ?? SILENT;
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** Who on this page wants to hear which tasks; the stream may come later. */
export class Voices {
  readonly texts = new LiveTexts();
  private readonly wanted = new Map<string, number>();
  private stream: Stream | null = null;

  attach(stream: Stream | null): void {
    this.stream = stream;
    if (this.wanted.size) this.tell();
  }

  /** Hear the models of a task until the answer is called. */
  watch(task: string): () => void {
    this.wanted.set(task, (this.wanted.get(task) ?? 0) + 1);
    this.tell();
    return () => {
      const left = (this.wanted.get(task) ?? 1) - 1;
      if (left) this.wanted.set(task, left);
      else this.wanted.delete(task);
      this.tell();
    };
  }

  hear(part: LivePart): void {
    if (!this.texts.take(part) && this.wanted.has(part.task_id)) this.stream?.again();
  }

  private tell(): void {
    this.stream?.watch([...this.wanted.keys()]);
  }
}
