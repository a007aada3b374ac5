/** The connection to the server: lost, refused, and taken up again after growing pauses. */
import type { AntonEvent, Connection, LivePart } from "./said";
import type { Source, Surroundings } from "./surroundings";

const RETRY_MS = 2_000;
const RETRY_MAX_MS = 30_000;
const CLOSED = 2;

/** What comes over the wire. */
export interface Receiver {
  hello(from: number): void;
  event(event: AntonEvent): void;
  live(part: LivePart): void;
  heartbeat(): void;
  resync(reason: string, latest: number): void;
  state(state: Connection): void;
}

interface Addresses {
  /** Of the stream, as it has to be now. */
  stream(): string;
  /** The same question, by a request that tells its status. */
  probe(): string;
}

export class Wire {
  private source: Source | null = null;
  private wanted = false;
  private failures = 0;
  private cancelRetry: (() => void) | null = null;

  constructor(
    private readonly around: Surroundings,
    private readonly addresses: Addresses,
    private readonly receiver: Receiver,
  ) {}

  get isOpen(): boolean {
    return this.source !== null;
  }

  /** Connect, or connect anew. */
  open(): void {
    this.close();
    this.wanted = true;
    const source = this.around.open(this.addresses.stream());
    this.source = source;
    const on = <T>(name: string, heard: (said: T) => void) =>
      source.addEventListener(name, ({ data }) => heard(JSON.parse(data) as T));
    source.onmessage = ({ data }) => this.receiver.event(JSON.parse(data) as AntonEvent);
    on<{ from: number }>("hello", ({ from }) => {
      this.failures = 0;
      this.receiver.hello(from);
    });
    on<LivePart>("live", (part) => this.receiver.live(part));
    source.addEventListener("heartbeat", () => this.receiver.heartbeat());
    on<{ reason: string; latest: number }>("resync", ({ reason, latest }) =>
      this.receiver.resync(reason, latest),
    );
    on<{ reason: string; retry_ms?: number }>("bye", ({ reason, retry_ms: pause }) => {
      this.drop();
      if (reason === "auth") this.receiver.state("signed_out");
      else this.retry(pause ?? RETRY_MS);
    });
    source.onerror = () => {
      if (this.source === source) this.lost(source.readyState === CLOSED);
    };
  }

  /** Let go of the connection, and of trying again. */
  close(): void {
    this.wanted = false;
    this.cancelRetry?.();
    this.drop();
  }

  private drop(): void {
    this.source?.close();
    this.source = null;
  }

  private lost(refused: boolean): void {
    this.drop();
    this.receiver.state("reconnecting");
    if (refused) void this.askWhy();
    else this.retry(RETRY_MS);
  }

  /** A refused EventSource says no status; the same question by fetch does. */
  private async askWhy(): Promise<void> {
    const status = await this.status();
    if (status === 401 || status === 403) this.receiver.state("signed_out");
    else this.retry(RETRY_MS);
  }

  private async status(): Promise<number> {
    try {
      return (await this.around.fetch(this.addresses.probe())).status;
    } catch {
      return 0;
    }
  }

  private retry(least: number): void {
    if (!this.wanted || this.source) return;
    this.receiver.state("reconnecting");
    this.failures += 1;
    const pause = Math.min(least * 2 ** (this.failures - 1), RETRY_MAX_MS);
    this.cancelRetry?.();
    this.cancelRetry = this.around.later(
      () => this.open(),
      pause * (0.75 + this.around.jitter() / 2),
    );
  }
}
