/** Events that were stored meanwhile, asked for page by page. */
import { paths } from "@/config/paths";
import type { AntonEvent } from "./said";
import type { Surroundings } from "./surroundings";

const PAGE = 500;

interface Page {
  events: AntonEvent[];
  /** Number from which on no event was forgotten. */
  oldest: number;
}

interface Reader {
  /** Number of the last event that is known; null for none. */
  seen(): number | null;
  event(event: AntonEvent): void;
  /** Events before this number were forgotten before they were read. */
  forgotten(oldest: number): void;
}

/** Whether there is a server to go on with: false once it refuses. */
export async function catchUp(around: Surroundings, reader: Reader): Promise<boolean> {
  try {
    for (;;) {
      const seen = reader.seen() ?? 0;
      const answer = await around.fetch(paths.events(seen));
      if (answer.status !== 200) return answer.status >= 500;
      const { events, oldest } = (await answer.json()) as Page;
      if (seen && seen + 1 < oldest) reader.forgotten(oldest);
      for (const event of events) reader.event(event);
      if (events.length < PAGE) return true;
    }
  } catch {
    return true;
  }
}
