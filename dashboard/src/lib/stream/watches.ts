/** Which tasks the tabs of this browser listen in on. */

const WATCHED_MAX = 8;
/** A tab that is not heard of for so long watches nothing any more. */
const WATCH_MS = 60_000;

export class Watches {
  mine: readonly string[] = [];
  private readonly others = new Map<string, { tasks: readonly string[]; heardAt: number }>();

  constructor(private readonly now: () => number) {}

  /** What another tab watches, in place of what it watched before. */
  told(tab: string, tasks: readonly string[]): void {
    if (tasks.length) this.others.set(tab, { tasks, heardAt: this.now() });
    else this.others.delete(tab);
  }

  all(): Set<string> {
    const since = this.now() - WATCH_MS;
    for (const [tab, { heardAt }] of this.others) if (heardAt < since) this.others.delete(tab);
    const all = [this.mine, ...[...this.others.values()].map(({ tasks }) => tasks)];
    return new Set(all.flat().slice(0, WATCHED_MAX));
  }
}
