/**
 * The event stream, once per browser: the tab that holds a Web Lock opens it and relays to the
 * others. Plain TypeScript; what it needs of the browser comes in as `Surroundings`.
 */
import { paths } from "@/config/paths";
import { Heard } from "./heard";
import type { AntonEvent, Connection, Listener, LivePart } from "./said";
import { catchUp } from "./stored";
import type { Channel, Surroundings } from "./surroundings";
import { Watches } from "./watches";
import { Wire } from "./wire";

const SILENCE_MS = 40_000;
/** A call that was missed in part is asked for again, but not more often than this. */
const AGAIN_MS = 2_000;

type Relayed =
  | { kind: "event"; event: AntonEvent }
  | { kind: "sign"; seq: number }
  | { kind: "resync"; reason: string; seq: number }
  | { kind: "state"; state: Connection }
  | { kind: "live"; part: LivePart }
  | { kind: "who" }
  | { kind: "watch"; tab: string; tasks: readonly string[]; again: boolean };

export class Stream {
  private readonly heard: Heard;
  private readonly watches: Watches;
  private readonly wire: Wire;
  private readonly channel: Channel;
  private readonly tab: string;
  private leading: (() => void) | null = null;
  private waiting = new AbortController();
  private turn = 0;
  private cancelGuard: (() => void) | null = null;
  private stopped = false;
  private opened = new Set<string>();
  private againAt = 0;

  constructor(private readonly around: Surroundings) {
    this.heard = new Heard(around);
    this.watches = new Watches(() => around.now());
    this.wire = this.wired();
    this.tab = around.name();
    this.channel = around.channel();
    this.channel.onmessage = ({ data }) => this.relayed(data as Relayed);
  }

  /** Compete for the connection; `after` is the number up to which the page knows everything. */
  start(after: number | null): void {
    this.heard.seen = after;
    this.compete(false);
    this.guard();
  }

  stop(): void {
    if (!this.leads && this.watches.mine.length) this.watch([]);
    this.stopped = true;
    this.cancelGuard?.();
    this.heard.stop();
    this.waiting.abort();
    this.wire.close();
    this.leading?.();
    this.channel.close();
  }

  listen(listener: Listener): () => void {
    return this.heard.listen(listener);
  }

  /** Hear what the models of these tasks say while they say it; instead of those before. */
  watch(tasks: readonly string[]): void {
    this.watches.mine = [...tasks];
    this.wish(false);
  }

  /** Something of a call was missed: have all of it said again. */
  again(): void {
    if (this.around.now() < this.againAt) return;
    this.againAt = this.around.now() + AGAIN_MS;
    this.wish(true);
  }

  get leads(): boolean {
    return this.leading !== null;
  }

  /** The page woke up: catch up at once, whatever the connection claims. */
  async wake(): Promise<void> {
    if (this.stopped || this.heard.seen === null) return;
    const caughtUp = await this.catchUp();
    if (caughtUp && this.leads && !this.stopped) this.wire.open();
  }

  private wired(): Wire {
    const addresses = {
      stream: () => {
        this.opened = this.watches.all();
        return paths.stream(this.heard.seen, [...this.opened]);
      },
      probe: () => paths.events(this.heard.seen ?? 0, 1),
    };
    return new Wire(this.around, addresses, {
      hello: (from) => {
        this.heard.seen ??= from;
        this.sign(this.heard.seen);
        this.tell({ kind: "who" });
      },
      event: (event) => this.take(event),
      live: (part) => {
        this.heard.hear(part);
        this.tell({ kind: "live", part });
      },
      heartbeat: () => {
        this.sign(this.heard.seen ?? 0);
        this.tell({ kind: "who" });
      },
      resync: (reason, latest) => this.missed(reason, latest),
      state: (state) => {
        this.heard.turn(state);
        this.tell({ kind: "state", state });
      },
    });
  }

  private compete(steal: boolean): void {
    const turn = (this.turn += 1);
    this.waiting = new AbortController();
    const options = steal ? { steal } : { signal: this.waiting.signal };
    this.around
      .lock(() => {
        if (this.stopped) return Promise.resolve();
        return new Promise<void>((resolve) => {
          this.leading = resolve;
          this.wire.open();
        });
      }, options)
      .catch(() => {
        if (turn === this.turn) this.deposed();
      });
  }

  /** Another tab took the lock, or this one stopped waiting for it. */
  private deposed(): void {
    if (!this.leading) return;
    this.leading = null;
    this.wire.close();
    if (!this.stopped) this.compete(false);
  }

  private catchUp(): Promise<boolean> {
    return catchUp(this.around, {
      seen: () => this.heard.seen,
      event: (event) => this.take(event),
      forgotten: (oldest) => this.missed("too_old", oldest - 1),
    });
  }

  private take(event: AntonEvent): void {
    if (this.heard.take(event)) this.tell({ kind: "event", event });
    this.sign(event.seq);
  }

  private missed(reason: string, latest: number): void {
    this.heard.missed(reason, latest);
    this.tell({ kind: "resync", reason, seq: latest });
  }

  private sign(seq: number): void {
    this.heard.alive();
    this.tell({ kind: "sign", seq });
  }

  private wish(again: boolean): void {
    if (this.leads) this.rewatch(again);
    else this.post({ kind: "watch", tab: this.tab, tasks: this.watches.mine, again });
  }

  private rewatch(again: boolean): void {
    const missing = [...this.watches.all()].some((task) => !this.opened.has(task));
    if ((missing || again) && this.wire.isOpen) this.wire.open();
  }

  /** Say something to the other tabs, as the one that leads. */
  private tell(message: Relayed): void {
    if (this.leads) this.post(message);
  }

  private post(message: Relayed): void {
    this.channel.postMessage(message);
  }

  private relayed(message: Relayed): void {
    if (!this.leads) this.follow(message);
    else if (message.kind === "watch") {
      this.watches.told(message.tab, message.tasks);
      this.rewatch(message.again);
    }
  }

  /** What the leading tab says; a gap in the numbers it vouches for is fetched. */
  private follow(message: Relayed): void {
    if (message.kind === "who") this.wish(false);
    else if (message.kind === "live") this.heard.hear(message.part);
    else if (message.kind === "resync") this.heard.missed(message.reason, message.seq);
    else if (message.kind === "state") this.heard.turn(message.state);
    else if (message.kind === "event") {
      this.heard.take(message.event);
      this.heard.turn("live");
    } else if (message.kind === "sign") {
      this.heard.alive();
      if (this.heard.seen === null) this.heard.seen = message.seq;
      else if (message.seq > this.heard.seen) void this.catchUp();
    }
  }

  /** Silence: the leader reopens, a visible follower takes over. */
  private guard(): void {
    this.cancelGuard = this.around.later(
      () => {
        const silent = this.around.now() - this.heard.at > SILENCE_MS;
        if (silent && this.leads && this.wire.isOpen) this.wire.open();
        else if (silent && !this.leads && this.mayTakeOver) {
          this.waiting.abort();
          this.compete(true);
        }
        this.guard();
      },
      SILENCE_MS / 4 + this.around.jitter() * 2_000,
    );
  }

  private get mayTakeOver(): boolean {
    return this.around.visible() && this.heard.connection !== "signed_out";
  }
}
