/** The stored events of a task, fetched page by page. */
import { answerOf, api, type Schemas } from "@/lib/api";

const PAGE = 500;

/** An event with the data of its type: to know which, look at `type` first. */
export type StoredEvent = Schemas["EventList"]["events"][number];
/** An event of whatever type. */
export type LoggedEvent = Omit<StoredEvent, "data"> & { data: Record<string, unknown> };

/** All events of a task in order; those that are `known` already are not fetched again. */
export async function eventsOf(
  taskId: string,
  known: readonly LoggedEvent[] = [],
): Promise<LoggedEvent[]> {
  const all = [...known];
  for (let after = known.at(-1)?.seq ?? 0; ;) {
    const query = { task: taskId, after, limit: PAGE };
    const page = await answerOf(api.GET("/events", { params: { query } }));
    all.push(...page.events);
    if (page.events.length < PAGE) return all;
    after = page.next_after;
  }
}
