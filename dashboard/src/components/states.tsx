/** What stands where something is missing: loading, empty, failed. */
import { useEffect, useState, type ReactNode } from "react";
import { isGone, Problem, Unreachable } from "@/lib/api";

const PATIENCE_MS = 200;

/** Nothing for a moment, then a skeleton of the same height. */
export function Loading({ rows = 3, what }: { rows?: number; what: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="skeletons" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} className={late ? "skeleton" : "skeleton skeleton-unseen"} />
      ))}
    </div>
  );
}

interface EmptyProps {
  title: string;
  /** Whether there is nothing else on the page, so that this heads it. */
  alone?: boolean;
  children?: ReactNode;
}

export function Empty({ title, alone = false, children }: EmptyProps) {
  const Title = alone ? "h1" : "p";
  return (
    <div className="empty">
      <Title className="empty-title">{title}</Title>
      {children}
    </div>
  );
}

interface FailedProps {
  what: string;
  error: unknown;
  retry: () => void;
}

/** Why something is missing; what was kept for a time only is no failure. */
export function Failed({ what, error, retry }: FailedProps) {
  if (isGone(error))
    return (
      <Empty title="This is no longer kept.">
        <p>What tasks make is kept for a time; hashes and decisions stay.</p>
      </Empty>
    );
  const away = error instanceof Unreachable;
  const ref = error instanceof Problem ? String(error.facts.trace_id ?? "").slice(0, 8) : "";
  return (
    <div className="notice notice-bad" role="alert">
      <p>
        Couldn’t load {what}. {away ? "The server does not answer." : ""} Tasks are not affected.
        {error instanceof Problem ? ` ${error.message}` : ""}
      </p>
      <button type="button" onClick={retry}>
        Try again
      </button>
      {ref && <span className="quiet"> ref {ref}</span>}
    </div>
  );
}
