/** What a tab has heard: events in order, none twice, passed on in batches; and how live that is. */
import type { AntonEvent, Connection, Listener, LivePart } from "./said";
import type { Surroundings } from "./surroundings";

const BATCH_MS = 50;

export class Heard {
  /** Number of the last event; null until one is known. */
  seen: number | null = null;
  /** When anything was heard last. */
  at: number;
  private state: Connection = "connecting";
  private batch: AntonEvent[] = [];
  private cancelFlush: (() => void) | null = null;
  private readonly listeners = new Set<Listener>();

  constructor(private readonly around: Surroundings) {
    this.at = around.now();
  }

  get connection(): Connection {
    return this.state;
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    listener.connection?.(this.state, this.at);
    return () => this.listeners.delete(listener);
  }

  /** Whether the event is a new one. */
  take(event: AntonEvent): boolean {
    this.at = this.around.now();
    if (this.seen !== null && event.seq <= this.seen) return false;
    this.seen = event.seq;
    this.batch.push(event);
    if (!this.around.visible()) this.flush();
    else this.cancelFlush ??= this.around.later(() => this.flush(), BATCH_MS);
    return true;
  }

  hear(part: LivePart): void {
    this.at = this.around.now();
    for (const listener of this.listeners) listener.live?.(part);
  }

  /** A sign of life. */
  alive(): void {
    this.at = this.around.now();
    this.turn("live");
  }

  turn(state: Connection): void {
    this.state = state;
    for (const listener of this.listeners) listener.connection?.(state, this.at);
  }

  /** Events up to `latest` are lost. */
  missed(reason: string, latest: number): void {
    this.flush();
    this.seen = latest;
    for (const listener of this.listeners) listener.resync?.(reason);
  }

  stop(): void {
    this.cancelFlush?.();
  }

  private flush(): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    const events = this.batch;
    this.batch = [];
    if (events.length) for (const listener of this.listeners) listener.events?.(events);
  }
}
