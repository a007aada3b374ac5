import { beforeEach, describe, expect, test } from "vitest";
import { Voices } from "../live-text";
import type { AntonEvent, LivePart } from "./said";
import { Stream } from "./stream";
import type { Channel, Source, Surroundings } from "./surroundings";

const event = (seq: number, type = "node"): AntonEvent => ({
  v: 1,
  seq,
  ts: "2026-01-01T00:00:00Z",
  type,
  task_id: "t",
  data: {},
});

class FakeSource implements Source {
  onmessage: Source["onmessage"] = null;
  onerror: Source["onerror"] = null;
  readyState = 1;
  closed = false;
  private readonly heard = new Map<string, (message: { data: string }) => void>();

  constructor(readonly url: string) {}

  addEventListener(name: string, heard: (message: { data: string }) => void): void {
    this.heard.set(name, heard);
  }

  say(name: string, data: unknown): void {
    this.heard.get(name)?.({ data: JSON.stringify(data) });
  }

  send(sent: AntonEvent): void {
    this.onmessage?.({ data: JSON.stringify(sent) });
  }

  fail(readyState: number): void {
    this.readyState = readyState;
    this.onerror?.();
  }

  close(): void {
    this.closed = true;
  }
}

/** A browser with several tabs: one lock, one channel, one server, a clock that is turned by hand. */
class Browser {
  now = 0;
  visible = true;
  sources: FakeSource[] = [];
  stored: AntonEvent[] = [];
  status = 200;
  oldest = 1;
  asked: string[] = [];
  private names = 0;
  private timers: { at: number; run: () => void }[] = [];
  private channels: (Channel & { open: boolean })[] = [];
  private holder: ((reason: Error) => void) | null = null;
  private queue: (() => void)[] = [];

  tab(): Surroundings {
    return {
      open: (url) => {
        const source = new FakeSource(url);
        this.sources.push(source);
        return source;
      },
      channel: () => this.channel(),
      lock: (lead, { signal, steal }) => this.lock(lead, signal, steal),
      fetch: async (url) => {
        this.asked.push(url);
        const after = Number(new URL(url, "http://x").searchParams.get("after"));
        const events = this.stored.filter((one) => one.seq > after);
        return { status: this.status, json: async () => ({ events, oldest: this.oldest }) };
      },
      now: () => this.now,
      later: (run, ms) => {
        const timer = { at: this.now + ms, run };
        this.timers.push(timer);
        return () => (this.timers = this.timers.filter((one) => one !== timer));
      },
      jitter: () => 0.5,
      name: () => `tab-${(this.names += 1)}`,
      visible: () => this.visible,
    };
  }

  get open(): FakeSource[] {
    return this.sources.filter((source) => !source.closed);
  }

  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
    await settle();
  }

  private channel(): Channel {
    const channel: Channel & { open: boolean } = {
      open: true,
      onmessage: null,
      postMessage: (data) => {
        for (const other of this.channels)
          if (other !== channel && other.open) other.onmessage?.({ data: structuredClone(data) });
      },
      close: () => (channel.open = false),
    };
    this.channels.push(channel);
    return channel;
  }

  private lock(lead: () => Promise<void>, signal?: AbortSignal, steal?: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        this.holder = reject;
        void lead().then(() => {
          if (this.holder === reject) {
            this.holder = null;
            this.queue.shift()?.();
          }
          resolve();
        });
      };
      signal?.addEventListener("abort", () => {
        this.queue = this.queue.filter((one) => one !== take);
        reject(new Error("aborted"));
      });
      if (steal) {
        this.holder?.(new Error("stolen"));
        take();
      } else if (this.holder) this.queue.push(take);
      else take();
    });
  }
}

const settle = async () => {
  for (let at = 0; at < 10; at += 1) await Promise.resolve();
};

let browser: Browser;
const heard: number[] = [];

function open(after: number | null = 0, into: number[] = heard): Stream {
  const stream = new Stream(browser.tab());
  stream.listen({ events: (events) => into.push(...events.map((one) => one.seq)) });
  stream.start(after);
  return stream;
}

beforeEach(() => {
  browser = new Browser();
  heard.length = 0;
});

describe("one tab", () => {
  test("tells events in order, in batches, and none twice", async () => {
    const batches: number[][] = [];
    const stream = new Stream(browser.tab());
    stream.listen({ events: (events) => batches.push(events.map((one) => one.seq)) });
    stream.start(4);
    const [source] = browser.sources;
    expect(source?.url).toBe("/stream?after=4");
    for (const seq of [4, 5, 6, 6, 5]) source?.send(event(seq));
    expect(batches).toEqual([]);
    await browser.pass(50);
    expect(batches).toEqual([[5, 6]]);
  });

  test("in a hidden tab tells at once", () => {
    browser.visible = false;
    open();
    browser.sources[0]?.send(event(1));
    expect(heard).toEqual([1]);
  });

  test("opens again where it was, with growing pauses, until it is greeted", async () => {
    open();
    browser.sources[0]?.send(event(7));
    browser.sources[0]?.fail(0);
    await browser.pass(1_999);
    expect(browser.open).toHaveLength(0);
    await browser.pass(1);
    expect(browser.open[0]?.url).toBe("/stream?after=7");
    browser.open[0]?.fail(0);
    await browser.pass(3_999);
    expect(browser.open).toHaveLength(0);
    await browser.pass(1);
    browser.open[0]?.say("hello", { from: 7 });
    browser.open[0]?.fail(0);
    await browser.pass(2_000);
    expect(browser.open).toHaveLength(1);
  });

  test("a restart says when to come back", async () => {
    open();
    browser.sources[0]?.say("bye", { reason: "restart", retry_ms: 500 });
    await browser.pass(500);
    expect(browser.open).toHaveLength(1);
  });

  test.each([401, 403])("a refusal with %i is no reason to ask again", async (status) => {
    const states: string[] = [];
    const stream = open();
    stream.listen({ connection: (state) => states.push(state) });
    browser.status = status;
    browser.sources[0]?.fail(2);
    await browser.pass(60_000);
    expect(states.at(-1)).toBe("signed_out");
    expect(browser.open).toHaveLength(0);
  });

  test("a refusal for other reasons is tried again", async () => {
    open();
    browser.status = 503;
    browser.sources[0]?.fail(2);
    await browser.pass(2_000);
    expect(browser.open).toHaveLength(1);
  });

  test("what was missed for good is said, and what follows is told", async () => {
    const reasons: string[] = [];
    const stream = open(3);
    stream.listen({ resync: (reason) => reasons.push(reason) });
    browser.sources[0]?.say("resync", { reason: "too_old", latest: 90 });
    browser.sources[0]?.send(event(91));
    await browser.pass(50);
    expect([reasons, heard]).toEqual([["too_old"], [91]]);
  });

  test("on waking it fetches what it missed, then opens anew", async () => {
    const stream = open();
    browser.stored = [event(1), event(2)];
    await stream.wake();
    await browser.pass(50);
    expect(heard).toEqual([1, 2]);
    expect(browser.open).toHaveLength(1);
    expect(browser.open[0]?.url).toBe("/stream?after=2");
  });

  test("on waking after what it missed was forgotten, it says so and goes on", async () => {
    const reasons: string[] = [];
    const stream = open(3);
    stream.listen({ resync: (reason) => reasons.push(reason) });
    browser.stored = [event(8), event(9)];
    browser.oldest = 5;
    await stream.wake();
    await browser.pass(50);
    expect([reasons, heard]).toEqual([["too_old"], [8, 9]]);
    await stream.wake();
    expect(reasons).toEqual(["too_old"]);
  });

  test("silence for 40 seconds is a reason to open anew", async () => {
    open();
    await browser.pass(39_000);
    expect(browser.sources).toHaveLength(1);
    await browser.pass(20_000);
    expect(browser.sources.length).toBeGreaterThan(1);
    expect(browser.open).toHaveLength(1);
  });

  test("an unknown type is told like any other", async () => {
    open();
    browser.sources[0]?.send(event(1, "brand_new"));
    await browser.pass(50);
    expect(heard).toEqual([1]);
  });
});

describe("nine tabs", () => {
  test("share one connection, and all hear everything once", async () => {
    const voices = Array.from({ length: 9 }, () => [] as number[]);
    for (const ear of voices) open(0, ear);
    expect(browser.open).toHaveLength(1);
    for (let seq = 1; seq <= 20; seq += 1) browser.open[0]?.send(event(seq));
    await browser.pass(50);
    const all = Array.from({ length: 20 }, (_, at) => at + 1);
    for (const ear of voices) expect(ear).toEqual(all);
  });

  test("when the leader closes, the next one goes on where it was", async () => {
    const mine: number[] = [];
    const leader = open();
    open(0, mine);
    browser.open[0]?.send(event(1));
    leader.stop();
    await settle();
    expect(browser.open).toHaveLength(1);
    expect(browser.open[0]?.url).toBe("/stream?after=1");
    browser.open[0]?.send(event(2));
    await browser.pass(50);
    expect(mine).toEqual([1, 2]);
  });

  test("a visible follower takes over from a leader that hvoices nothing", async () => {
    const deaf = new Stream({ ...browser.tab(), now: () => browser.now, later: () => () => {} });
    deaf.start(0);
    await settle();
    const mine: number[] = [];
    const next = open(0, mine);
    expect([deaf.leads, next.leads]).toEqual([true, false]);
    await browser.pass(60_000);
    expect([deaf.leads, next.leads]).toEqual([false, true]);
    expect(browser.open).toHaveLength(1);
    browser.open[0]?.send(event(1));
    await browser.pass(50);
    expect(mine).toEqual([1]);
  });

  test("a follower that missed something fetches it", async () => {
    const mine: number[] = [];
    open(5, []);
    open(0, mine);
    browser.stored = [1, 2, 3, 4, 5, 6].map((seq) => event(seq));
    browser.open[0]?.say("heartbeat", {});
    await settle();
    await browser.pass(50);
    expect(mine).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("words of models", () => {
  const part = (more: Partial<LivePart> = {}): LivePart => ({
    type: "llm_delta",
    call_id: "c",
    task_id: "t",
    role: "fix",
    node: "fix",
    channel: "text",
    offset: 0,
    text: "Look",
    ...more,
  });

  test("come for the tasks that are watched, in whichever tab", async () => {
    const words: string[] = [];
    const leader = new Stream(browser.tab());
    leader.start(1);
    const follower = new Stream(browser.tab());
    follower.listen({ live: ({ text }) => words.push(text) });
    follower.start(1);
    browser.sources[0]?.say("hello", { from: 1 });
    follower.watch(["t2"]);
    await settle();
    expect(browser.open.map(({ url }) => url)).toEqual(["/stream?watch=t2&after=1"]);
    leader.watch(["t1"]);
    expect(browser.open.map(({ url }) => url)).toEqual(["/stream?watch=t1&watch=t2&after=1"]);
    browser.open[0]?.say("live", part());
    expect(words).toEqual(["Look"]);
  });

  test("are asked for again when the next tab leads", async () => {
    const leader = new Stream(browser.tab());
    leader.start(1);
    const follower = new Stream(browser.tab());
    follower.watch(["t"]);
    follower.start(1);
    leader.stop();
    await settle();
    expect(browser.open.map(({ url }) => url)).toEqual(["/stream?watch=t&after=1"]);
  });

  test("that were missed are said again, but not without end", async () => {
    const voices = new Voices();
    const stream = new Stream(browser.tab());
    stream.listen({ live: (one) => voices.hear(one) });
    voices.attach(stream);
    stream.start(1);
    voices.watch("t");
    const before = browser.sources.length;
    browser.open[0]?.say("live", part({ offset: 7 }));
    browser.open[0]?.say("live", part({ offset: 9 }));
    expect(browser.sources.length).toBe(before + 1);
    browser.open[0]?.say("live", part({ type: "llm_snapshot", text: "Look at" }));
    browser.open[0]?.say("live", part({ offset: 7, text: " this" }));
    browser.open[0]?.say("live", part({ offset: 4, text: " at" }));
    expect(voices.texts.of("c").text).toBe("Look at this");
    expect(browser.sources.length).toBe(before + 1);
  });

  test("of a tab that has gone are not asked for any more", async () => {
    const leader = new Stream(browser.tab());
    leader.start(1);
    const follower = new Stream(browser.tab());
    follower.start(1);
    follower.watch(["t"]);
    follower.stop();
    browser.open[0]?.fail(0);
    await browser.pass(2_000);
    expect(browser.open.map(({ url }) => url)).toEqual(["/stream?after=1"]);
  });
});
