/** Moments: their age, or the time of day; the moment itself shows on hover, on focus, on a tap. */
import type { ReactNode } from "react";
import { useNow } from "@/lib/clock";
import { since } from "@/lib/format";

interface TimedProps {
  at: string;
  /** Whether the Tab key stops here. */
  stop?: boolean;
  children: ReactNode;
}

export function Timed({ at, stop = true, children }: TimedProps) {
  const moment = new Date(at).toLocaleString();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what hovering shows, keys show
    <time dateTime={at} title={moment} data-moment={moment} tabIndex={stop ? 0 : undefined}>
      {children}
    </time>
  );
}

interface WhenProps {
  at: string;
  suffix?: string;
  /** The link or row that it stands in has the focus in its place, and shows the moment. */
  inLink?: boolean;
}

export function When({ at, suffix = "ago", inLink = false }: WhenProps) {
  const now = useNow();
  return (
    <Timed at={at} stop={!inLink}>
      {`${since(at, now)} ${suffix}`.trim()}
    </Timed>
  );
}

/** The time of day, with the day where it is not today. */
export function Clock({ at }: { at: string }) {
  const moment = new Date(at);
  const today = moment.toDateString() === new Date().toDateString();
  const day = today
    ? ""
    : `${moment.toLocaleDateString(undefined, { month: "short", day: "numeric" })} `;
  return (
    <Timed at={at} stop={false}>
      {day}
      {moment.toLocaleTimeString(undefined, { hour12: false })}
    </Timed>
  );
}
