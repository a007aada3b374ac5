/** What a briefing says, line by line; Anton's own code wrote it, as `- Name: text`. */
import type { Approval } from "@/lib/api";

/** What nothing is known of reads so. */
const NOTHING: ReadonlySet<string> = new Set(["", "not recorded", "not run"]);

export function linesOf(body: string | undefined, name: string): string[] {
  const begin = `- ${name}: `;
  return (body ?? "")
    .split("\n")
    .flatMap((line) => (line.startsWith(begin) ? [line.slice(begin.length)] : []))
    .filter((text) => !NOTHING.has(text));
}

export function lineOf(body: string | undefined, name: string): string | undefined {
  return linesOf(body, name)[0];
}

export interface Caveat {
  name: string;
  text: string;
  /** Whether it alone is a reason to look twice. */
  grave: boolean;
}

/** What speaks against a quick yes: what no test proves, what is protected, what was noted. */
export function caveatsOf({ kind, details, body }: Approval): Caveat[] {
  if (kind !== "release") return [];
  const tests = (lineOf(body, "Tests") ?? "").split("; ").slice(1).join("; ");
  const told: [name: string, text: string | undefined, grave: boolean][] = [
    ["Missing proof", details.unproven ?? lineOf(body, "Missing proof"), true],
    ["Protected files", details.protected ?? lineOf(body, "Protected paths"), true],
    ["Tests", tests, false],
    ...linesOf(body, "Note").map((note): [string, string, boolean] => ["Note", note, false]),
  ];
  return told.flatMap(([name, text, grave]) => (text ? [{ name, text, grave }] : []));
}
