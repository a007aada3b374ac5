/** What of a task is looked at, as it stands in the address. */

export const TABS = [
  "diff",
  "tests",
  "diagnosis",
  "conversation",
  "timeline",
  "files",
  "documents",
] as const;
export type Tab = (typeof TABS)[number];

export interface Place {
  tab?: Tab;
  /** A revision of the patch; the newest where it is absent. */
  rev?: number;
  /** The revision that it is compared with; the base where it is absent. */
  vs?: number;
  file?: string;
  line?: number;
  /** One model call of the conversation. */
  call?: string;
}

/** What an address says; what makes no sense is left out. */
export function placeOf(search: Record<string, unknown>): Place {
  const place: Place = {};
  if (TABS.includes(search.tab as Tab)) place.tab = search.tab as Tab;
  for (const name of ["rev", "vs", "line"] as const) {
    const number = Number(search[name]);
    if (Number.isInteger(number) && number > 0) place[name] = number;
  }
  for (const name of ["file", "call"] as const)
    if (search[name] !== undefined && search[name] !== "") place[name] = String(search[name]);
  return place;
}
