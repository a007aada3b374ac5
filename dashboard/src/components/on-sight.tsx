/** Something large that is put on the page when it comes near the part that is seen. */
import { useEffect, useRef, useState, type ReactNode } from "react";

const NEAR = "900px";

interface Props {
  /** How high it will be, about, in pixels. */
  height: number;
  /** Whether it is there from the beginning. */
  now?: boolean;
  children: ReactNode;
}

export function OnSight({ height, now = false, children }: Props) {
  const [seen, setSeen] = useState(() => now || !("IntersectionObserver" in window));
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (seen || !place.current) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
      },
      { rootMargin: NEAR },
    );
    watch.observe(place.current);
    return () => watch.disconnect();
  }, [seen]);
  if (seen || now) return children;
  return <div ref={place} style={{ height }} />;
}
