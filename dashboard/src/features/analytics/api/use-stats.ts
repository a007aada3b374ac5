import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type Stats = Schemas["StatsView"];

/** What the tasks and calls of a time came to; `to` is the last day of it. Days are of UTC. */
export function useStats(from: string, to: string) {
  return useQuery({
    queryKey: ["stats", from, to],
    placeholderData: keepPreviousData,
    queryFn: () => {
      const query = { since: `${from}T00:00:00Z`, until: `${dayAfter(to)}T00:00:00Z` };
      return answerOf(api.GET("/stats", { params: { query } }));
    },
  });
}

const DAY_MS = 86_400_000;

export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export function dayAfter(day: string, days = 1): string {
  return dayOf(Date.parse(day) + days * DAY_MS);
}

/** Every day from one to another, both included; null where they are more than `most`. */
export function daysOf(from: string, to: string, most: number): string[] | null {
  const count = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (count > most) return null;
  return Array.from({ length: Math.max(0, count) }, (_, at) => dayAfter(from, at));
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}
