/** Make an older version stand again: a second, named step that says what it creates. */
import { useState } from "react";
import { Dialog } from "@/components/dialog";
import { Problem } from "@/lib/api";
import { useDifference, useRollBack } from "../api/use-identities";
import { DifferenceList } from "./difference";

interface Props {
  role: string;
  /** The version that stands, as far as this page knows. */
  now: number;
  target: number;
  onClose: () => void;
}

export function RollBack({ role, now, target, onClose }: Props) {
  const [seen, setSeen] = useState(now);
  const back = useRollBack(role);
  const change = useDifference(role, target, seen);
  const stale = back.error instanceof Problem && back.error.status === 409;
  return (
    <Dialog title={`Roll ${role} back to v${target}?`} onClose={onClose}>
      <p>
        Creates v{seen + 1} with the rules of v{target}. v{seen} stays in the history.
      </p>
      {change.data && <DifferenceList found={change.data} />}
      {back.isError && (
        <p role="alert" className="trouble">
          Not rolled back. {back.error.message}
        </p>
      )}
      <div className="buttons">
        <button type="button" data-first onClick={onClose}>
          Not yet
        </button>
        {stale && now > seen ? (
          <button
            type="button"
            onClick={() => {
              setSeen(now);
              back.reset();
            }}
          >
            Look again, from v{now}
          </button>
        ) : (
          <button
            type="button"
            className="primary"
            disabled={back.isPending}
            onClick={() => back.mutate({ version: target, seen }, { onSuccess: onClose })}
          >
            {back.isPending ? "Rolling back…" : `Roll back to v${target}`}
          </button>
        )}
      </div>
    </Dialog>
  );
}
