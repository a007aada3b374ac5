/** Numbers, times and foreign text, in words. */

/** Cost with four decimals; an unknown price is no zero. */
export function cost(usd: number | null | undefined): string {
  return usd === null || usd === undefined ? "unknown cost" : `$${usd.toFixed(4)}`;
}

/** A limit, with two decimals. */
export function limit(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function since(iso: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(iso));
  return duration(Math.round(ms / 1_000) * 1_000 || 1_000);
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `owner/name`, or the last folder of a path. */
export function repoName(repo: string): string {
  const parts = repo.split("/").filter(Boolean);
  return parts.slice(repo.startsWith("/") ? -1 : -2).join("/");
}

/** `waiting_for_input` as people say it. */
export function words(name: string): string {
  const said = name.replaceAll("_", " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** A status or an outcome as people say it. */
export function statusWords(name: string): string {
  return name === "waiting_for_input" ? "Needs you" : words(name);
}

export interface Piece {
  text: string;
  /** What an invisible or direction-changing character is called; empty for plain text. */
  hidden: string;
}

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|(?<=\p{M}{4})\p{M}+/gu;
const NAMES: Record<string, string> = {
  "\r": "CR",
  "\u001b": "ESC",
  "\u0000": "NUL",
  "\u200b": "ZWSP",
  "\u200e": "LRM",
  "\u200f": "RLM",
  "\u202a": "LRE",
  "\u202b": "RLE",
  "\u202c": "PDF",
  "\u202d": "LRO",
  "\u202e": "RLO",
  "\u2066": "LRI",
  "\u2067": "RLI",
  "\u2068": "FSI",
  "\u2069": "PDI",
  "\ufeff": "BOM",
};

/** The code of a character; of marks that are heaped upon one letter only how many. */
function named(code: number, text: string): string {
  if (/^\p{M}+$/u.test(text)) return `+${plural(text.length, "mark")}`;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Text with all that would hide or reorder it taken apart, so that it can be shown by name. */
export function revealed(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), hidden: "" });
    const code = match[0].codePointAt(0) ?? 0;
    pieces.push({ text: match[0], hidden: NAMES[match[0]] ?? named(code, match[0]) });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hidden: "" });
  return pieces;
}
