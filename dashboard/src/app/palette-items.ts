/** What the palette can find, and in which order. */

export interface Item {
  /** Unique among all. */
  id: string;
  group: string;
  label: string;
  /** What stands beside the label, and is searched too. */
  note?: string;
  /** Other words by which it is found. */
  also?: string;
  severity?: string | null;
  go: () => void;
}

/** How many of a group are shown; all of the others. */
const SHOWN_MAX: Record<string, number> = { "Needs you": 5, Tasks: 8, Incidents: 5 };

/** Items with every word of the query, the best of each group first; groups keep their order. */
export function found(items: readonly Item[], query: string): Item[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const scored = items.map((item) => ({ item, score: fit(item, words) }));
  const groups = new Map<string, typeof scored>();
  for (const one of scored)
    if (one.score > 0) groups.set(one.item.group, [...(groups.get(one.item.group) ?? []), one]);
  return [...groups].flatMap(([group, ones]) =>
    ones
      .sort((a, b) => b.score - a.score)
      .slice(0, SHOWN_MAX[group])
      .map(({ item }) => item),
  );
}

/** How well an item fits; 0 where a word is in it nowhere. */
function fit({ label, note = "", also = "" }: Item, words: readonly string[]): number {
  const text = `${label} ${note} ${also}`.toLowerCase();
  let score = 1;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    const begins = at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1] ?? "");
    score += at === 0 ? 3 : begins ? 2 : 1;
  }
  return score;
}
