/** Report a fault: words, a stack trace, a log; what will happen is said before it is sent. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Problem, Unreachable } from "@/lib/api";
import { limit, repoName } from "@/lib/format";
import { newKey } from "../api/decide";
import { useBoard } from "../api/use-board";
import { useSubmit, type Begun } from "../api/use-tasks";
import { flaws, reportOf, TEXT_MAX, useDraft, withFile, type Draft } from "./draft";
import "./submit.css";

export function Submit({ onBegun }: { onBegun: (taskId: string) => void }) {
  const { draft, setDraft, forget } = useDraft();
  const [key, setKey] = useState(newKey);
  const [tried, setTried] = useState(false);
  const [joined, setJoined] = useState<Begun>();
  const submit = useSubmit();
  const found = flaws(draft);
  const change = (changes: Partial<Draft>) => {
    setDraft({ ...draft, ...changes });
    setKey(newKey());
    submit.reset();
  };
  const send = (own = draft.own) => {
    setTried(true);
    const [first] = Object.keys(found);
    if (first) document.getElementById(first)?.focus();
    if (first || submit.isPending) return;
    submit.mutate(reportOf({ ...draft, own }, own === draft.own ? key : newKey()), {
      onSuccess: (begun) => {
        forget();
        setTried(false);
        if (begun.joined) setJoined(begun);
        else onBegun(begun.task_id);
      },
    });
  };
  if (joined) return <Joined begun={joined} onMore={() => setJoined(undefined)} />;
  const field = (name: Exclude<keyof Draft, "own">) => ({
    id: name,
    value: draft[name],
    autoCapitalize: "none",
    "aria-invalid": Boolean(tried && found[name]),
    "aria-describedby": tried && found[name] ? `${name}-flaw` : undefined,
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
  });
  const flaw = (name: keyof Draft) => (tried ? found[name] : undefined);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- sends from any field
    <form
      className="submit"
      noValidate
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) send();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="page-head">
        <h1>Report a fault</h1>
      </div>
      <Words draft={draft} flaw={flaw("text")} onText={(text) => change({ text })} />
      <div className="pair">
        <Field id="repo" label="Repository" hint="as it is configured, or a path">
          <input {...field("repo")} list="known-repos" placeholder="the default one" />
          <KnownRepos />
        </Field>
        <Field id="ticket" label="Ticket" flaw={flaw("ticket")}>
          <input {...field("ticket")} placeholder="BUG-42" />
        </Field>
      </div>
      <details open={Boolean(draft.base || draft.test || draft.repro || draft.budget)}>
        <summary>Base, test, command, budget</summary>
        <div className="rest">
          <div className="pair">
            <Field id="base" label="Base" hint="branch, tag or commit">
              <input {...field("base")} placeholder="the default branch" />
            </Field>
            <Field id="budget" label="Budget in dollars" flaw={flaw("budget")}>
              <input {...field("budget")} inputMode="decimal" placeholder="as configured" />
            </Field>
          </div>
          <Field id="test" label="Tests that show the fault" hint="by id, with commas between">
            <input {...field("test")} placeholder="tests/test_shop.py::test_total" />
          </Field>
          <Field id="repro" label="Command that shows the fault" hint="it runs in the sandbox">
            <input {...field("repro")} placeholder="python -m shop.check" />
          </Field>
        </div>
      </details>
      <label className="own">
        <input
          type="checkbox"
          checked={draft.own}
          onChange={(event) => change({ own: event.target.checked })}
        />
        <span>Begin a task even where one works on the same fault already</span>
      </label>
      <WhatHappens draft={draft} />
      <Trouble error={submit.error} onOwn={() => send(true)} />
      <div className="buttons">
        <button type="submit" className="primary" disabled={submit.isPending}>
          {submit.isPending ? "Sending…" : submit.error ? "Send again" : "Start the repair"}
        </button>
        <span className="quiet keys-hint">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </div>
    </form>
  );
}

interface WordsProps {
  draft: Draft;
  flaw: string | undefined;
  onText: (text: string) => void;
}

/** The report itself; a file that is dropped on it, or chosen, is put behind the words. */
function Words({ draft: { text }, flaw, onText }: WordsProps) {
  const [over, setOver] = useState(false);
  const [said, setSaid] = useState("");
  const take = async (files: FileList | null) => {
    let all = text;
    const told = [];
    for (const file of files ?? []) {
      const added = await withFile(all, file);
      all = added.text;
      told.push(added.said);
    }
    setSaid(told.join(" "));
    if (all !== text) onText(all);
  };
  return (
    <Field id="text" label="What is wrong?" hint="words, a stack trace, a log" flaw={flaw}>
      <textarea
        id="text"
        rows={10}
        className={over ? "drop-here" : ""}
        aria-invalid={Boolean(flaw)}
        aria-describedby={flaw ? "text-flaw" : undefined}
        placeholder={
          "What happens, and what should happen instead.\nDrop a log or a stack trace here."
        }
        value={text}
        onChange={(event) => onText(event.target.value)}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes("Files")) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          if (!event.dataTransfer.files.length) return;
          event.preventDefault();
          setOver(false);
          void take(event.dataTransfer.files);
        }}
      />
      <span className="under-text">
        <label className="file-button">
          <input
            type="file"
            multiple
            accept=".txt,.log,.out,.err,.json,.md,text/*"
            onChange={(event) => {
              void take(event.target.files).then(() => (event.target.value = ""));
            }}
          />
          Add a log…
        </label>
        <span role="status">{said}</span>
        <span className={text.length > TEXT_MAX ? "trouble" : "quiet"}>
          {text.length.toLocaleString()} of {TEXT_MAX.toLocaleString()}
        </span>
      </span>
    </Field>
  );
}

/** In words, from what is filled in. */
function WhatHappens({ draft }: { draft: Draft }) {
  const where = draft.repo.trim() ? repoName(draft.repo.trim()) : "the default repository";
  const budget = Number(draft.budget);
  return (
    <ol className="follows" aria-label="What will happen">
      <li>
        Reads {where}
        {draft.base.trim() && ` at ${draft.base.trim()}`}
        {draft.ticket.trim() && `, for ${draft.ticket.trim()}`}.
      </li>
      <li>
        {draft.test.trim() || draft.repro.trim()
          ? "Runs what you named, and the other tests, in a sandbox."
          : "Runs the tests in a sandbox, and looks for one that shows the fault."}
      </li>
      {budget > 0 && <li>Stops and asks at {limit(budget)}.</li>}
      <li>Asks before anything is pushed. Nothing is merged.</li>
      {!draft.own && <li>Where a task works on this fault already, your report joins it.</li>}
    </ol>
  );
}

function Trouble({ error, onOwn }: { error: Error | null; onOwn: () => void }) {
  if (!error) return null;
  const dismissed = error instanceof Problem && error.kind === "dismissed" ? error : undefined;
  const incident = dismissed?.facts.incident_id;
  return (
    <div role="alert" className="notice notice-bad">
      <p>
        {error instanceof Unreachable ? "Not sent. " : ""}
        {dismissed ? "This fault is dismissed: your report was counted." : error.message} Your words
        are kept.
      </p>
      {typeof incident === "string" && (
        <Link to="/incidents/$incidentId" params={{ incidentId: incident }}>
          Look at it
        </Link>
      )}
      {dismissed && (
        <button type="button" onClick={onOwn}>
          Begin a task all the same
        </button>
      )}
    </div>
  );
}

function Joined({ begun, onMore }: { begun: Begun; onMore: () => void }) {
  return (
    <section className="empty" role="status">
      <p className="empty-title">This fault is being worked on already.</p>
      <p>
        Your report was counted, and its words are kept
        {begun.incident_id && (
          <>
            {" "}
            with{" "}
            <Link to="/incidents/$incidentId" params={{ incidentId: begun.incident_id }}>
              the incident
            </Link>
          </>
        )}
        . Look at{" "}
        <Link to="/tasks/$taskId" params={{ taskId: begun.task_id }}>
          task {begun.task_id.slice(0, 8)}
        </Link>
        .
      </p>
      <button type="button" onClick={onMore}>
        Report another fault
      </button>
    </section>
  );
}

/** Repositories of earlier tasks. */
function KnownRepos() {
  const known = [...new Set(useBoard().data?.tasks.map((task) => task.repo))];
  return (
    <datalist id="known-repos">
      {known.map((repo) => (
        <option key={repo} value={repo} />
      ))}
    </datalist>
  );
}

interface FieldProps {
  id: string;
  label: string;
  hint?: string;
  flaw?: string;
  children: React.ReactNode;
}

function Field({ id, label, hint, flaw, children }: FieldProps) {
  return (
    <div className="field">
      <span>
        <label htmlFor={id}>{label}</label>
        {hint && <span className="quiet"> {hint}</span>}
      </span>
      {children}
      {flaw && (
        <span id={`${id}-flaw`} className="trouble">
          {flaw}
        </span>
      )}
    </div>
  );
}
