/** A moment as its age, with the moment itself on hover. */
import { useNow } from "@/lib/clock";
import { since } from "@/lib/format";

export function When({ at, suffix = "ago" }: { at: string; suffix?: string }) {
  const now = useNow();
  const words = `${since(at, now)} ${suffix}`.trim();
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {words}
    </time>
  );
}
