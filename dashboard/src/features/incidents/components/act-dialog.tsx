/** The confirming step of an act: it says what follows, and shows why the server refused. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Dialog } from "@/components/dialog";
import { ForeignText } from "@/components/foreign-text";
import { Problem, Unreachable } from "@/lib/api";
import { repoName } from "@/lib/format";
import {
  acts,
  refresh,
  useIncidents,
  type Incident,
  type IncidentPage,
} from "../api/use-incidents";

export type Act = Incident["may"][number];

interface Words {
  title: string;
  follows: string;
  confirm: string;
  done: string;
}

const HOUR_MS = 3_600_000;
const ENDS = [
  ["1", "for an hour"],
  ["24", "for a day"],
  ["168", "for a week"],
  ["", "for ever"],
  ["date", "until…"],
] as const;

function wordsOf(act: Act, name: string): Words {
  return {
    fix: {
      title: `Fix ${name} now?`,
      follows: "A task starts from its last report. It asks before anything is pushed.",
      confirm: `Fix ${name}`,
      done: "A task was begun.",
    },
    dismiss: {
      title: `Dismiss ${name}?`,
      follows: "Its reports are counted and start nothing. Reopen it to be heard again.",
      confirm: `Dismiss ${name}`,
      done: "Dismissed. Its reports are only counted now.",
    },
    reopen: {
      title: `Reopen ${name}?`,
      follows: "It is under care again, and its next report starts a task.",
      confirm: `Reopen ${name}`,
      done: "Reopened.",
    },
    resolve: {
      title: `Call ${name} resolved?`,
      follows: "The next report of it opens a new incident, as a regression of this one.",
      confirm: `Resolve ${name}`,
      done: "Resolved by hand.",
    },
    merge: {
      title: `Merge ${name} into another?`,
      follows: "The other one takes over its count, and all its further reports.",
      confirm: `Merge ${name}`,
      done: "Merged.",
    },
  }[act];
}

interface Props {
  act: Act;
  incident: IncidentPage;
  onClose: () => void;
  onDone: (said: string, taskId?: string) => void;
}

export function ActDialog({ act, incident, onClose, onDone }: Props) {
  const queries = useQueryClient();
  const words = wordsOf(act, incident.ticket ?? incident.incident_id.slice(0, 8));
  const [reason, setReason] = useState("");
  const [end, setEnd] = useState("24");
  const [date, setDate] = useState("");
  const [into, setInto] = useState("");
  const [sending, setSending] = useState(false);
  const [trouble, setTrouble] = useState("");
  const ready =
    act === "merge"
      ? into !== ""
      : act === "dismiss"
        ? reason.trim() !== "" && (end !== "date" || date !== "")
        : act !== "resolve" || reason.trim() !== "";
  const send = async () => {
    if (!ready || sending) return;
    setSending(true);
    setTrouble("");
    try {
      const ref = incident.incident_id;
      let begun: string | undefined;
      if (act === "fix") begun = (await acts.fix(ref)).task_id;
      else if (act === "merge") await acts.merge(ref, into);
      else if (act === "dismiss") await acts.dismiss(ref, reason.trim(), endOf(end, date));
      else await acts[act](ref, reason.trim());
      refresh(queries);
      onDone(words.done, begun);
    } catch (error) {
      setTrouble(said(error));
      if (error instanceof Problem) refresh(queries);
    } finally {
      setSending(false);
    }
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{words.follows}</p>
        {act === "merge" && <Target incident={incident} into={into} onInto={setInto} />}
        {act === "dismiss" && (
          <>
            <label htmlFor="act-end">How long</label>
            <select id="act-end" value={end} onChange={(event) => setEnd(event.target.value)}>
              {ENDS.map(([hours, label]) => (
                <option key={hours} value={hours}>
                  {label}
                </option>
              ))}
            </select>
            {end === "date" && (
              <input
                type="datetime-local"
                aria-label="Until when"
                value={date}
                onChange={(event) => setDate(event.target.value)}
              />
            )}
          </>
        )}
        {(act === "dismiss" || act === "resolve" || act === "reopen") && (
          <>
            <label htmlFor="act-reason">
              Why{act === "reopen" && <span className="quiet"> (may be empty)</span>}
            </label>
            <textarea
              id="act-reason"
              rows={3}
              maxLength={1000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </>
        )}
        {trouble && (
          <p role="alert" className="trouble">
            {trouble}
          </p>
        )}
        <div className="buttons">
          <button type="button" data-first onClick={onClose}>
            Not yet
          </button>
          <button type="submit" className="primary" disabled={!ready || sending}>
            {sending ? "Sending…" : words.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface TargetProps {
  incident: IncidentPage;
  into: string;
  onInto: (into: string) => void;
}

function Target({ incident, into, onInto }: TargetProps) {
  const [text, setText] = useState("");
  const listed = useIncidents("care", text);
  const others = (listed.data?.pages[0]?.incidents ?? []).filter(
    (one) => one.incident_id !== incident.incident_id,
  );
  return (
    <>
      <label htmlFor="act-search">Into</label>
      <input
        id="act-search"
        type="search"
        placeholder="Search what is under care"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="targets" role="radiogroup" aria-label="Incident that takes it over">
        {others.map((one) => (
          <label key={one.incident_id}>
            <input
              type="radio"
              name="into"
              checked={into === one.incident_id}
              onChange={() => onInto(one.incident_id)}
            />
            <span>
              <ForeignText text={one.title} />
              <span className="quiet">
                {" "}
                {one.ticket ?? one.incident_id.slice(0, 8)} · {repoName(one.repo)} · seen{" "}
                {one.count}×
              </span>
            </span>
          </label>
        ))}
        {listed.isSuccess && others.length === 0 && <p className="quiet">No other one fits.</p>}
      </div>
    </>
  );
}

function endOf(end: string, date: string): string | null {
  if (end === "date") return new Date(date).toISOString();
  return end ? new Date(Date.now() + Number(end) * HOUR_MS).toISOString() : null;
}

function said(error: unknown): string {
  if (error instanceof Unreachable) return "Not sent. You are offline. Send it again.";
  if (error instanceof Problem && error.status === 409) return `Not done: ${error.message}`;
  return error instanceof Error ? error.message : "Something went wrong.";
}
