/** Report a fault; the draft outlives a reload. */
import { useEffect, useState } from "react";
import { Unreachable } from "@/lib/api";
import { newKey } from "../api/decide";
import { useSubmit } from "../api/use-tasks";

const DRAFT = "draft:new";
const NOTHING = { text: "", repo: "", ticket: "", base: "", test: "", repro: "", budget: "" };
type Draft = typeof NOTHING;

export function Submit({ onBegun }: { onBegun: (taskId: string) => void }) {
  const [draft, setDraft] = useState<Draft>(kept);
  const [key, setKey] = useState(newKey);
  const submit = useSubmit();
  useEffect(() => sessionStorage.setItem(DRAFT, JSON.stringify(draft)), [draft]);
  const put = (name: keyof Draft) => (event: { target: { value: string } }) => {
    setDraft({ ...draft, [name]: event.target.value });
    setKey(newKey());
  };
  const send = () => {
    if (!draft.text.trim() || submit.isPending) return;
    submit.mutate(
      {
        task_description: draft.text,
        repo: draft.repo.trim() || null,
        ticket: draft.ticket.trim() || null,
        base: draft.base.trim() || null,
        test: draft.test.trim() || null,
        repro: draft.repro.trim() || null,
        budget_usd: draft.budget.trim() ? Number(draft.budget) : null,
        key,
      },
      {
        onSuccess: ({ task_id }) => {
          setDraft(NOTHING);
          sessionStorage.removeItem(DRAFT);
          onBegun(task_id);
        },
      },
    );
  };
  const target = draft.repo.trim() || "the default repository";
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- sends from any field
    <form
      className="submit"
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
      <Field id="text" label="What is wrong?" hint="Words, a stack trace, a log: all of it helps.">
        <textarea
          id="text"
          rows={10}
          required
          maxLength={20000}
          value={draft.text}
          onChange={put("text")}
        />
      </Field>
      <Field id="repo" label="Repository" hint="As it is configured, or a path.">
        <input id="repo" value={draft.repo} onChange={put("repo")} autoCapitalize="none" />
      </Field>
      <Field id="ticket" label="Ticket">
        <input id="ticket" value={draft.ticket} onChange={put("ticket")} placeholder="BUG-42" />
      </Field>
      <details>
        <summary>More</summary>
        <Field id="base" label="Base" hint="Branch, tag or commit.">
          <input id="base" value={draft.base} onChange={put("base")} autoCapitalize="none" />
        </Field>
        <Field id="test" label="Test that shows the fault">
          <input id="test" value={draft.test} onChange={put("test")} autoCapitalize="none" />
        </Field>
        <Field id="repro" label="Command that shows the fault" hint="It runs in the sandbox.">
          <input id="repro" value={draft.repro} onChange={put("repro")} autoCapitalize="none" />
        </Field>
        <Field id="budget" label="Budget in dollars">
          <input
            id="budget"
            inputMode="decimal"
            pattern="[0-9]*[.]?[0-9]*"
            value={draft.budget}
            onChange={put("budget")}
          />
        </Field>
      </details>
      <p className="quiet">Reads {target}, runs tests in a sandbox, asks before any push.</p>
      {submit.error && (
        <p role="alert" className="trouble">
          {submit.error instanceof Unreachable ? "Not sent. " : ""}
          {submit.error.message} Your words are kept.
        </p>
      )}
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

interface FieldProps {
  id: string;
  label: string;
  hint?: string;
  children: React.ReactNode;
}

function Field({ id, label, hint, children }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && <span className="quiet"> {hint}</span>}
      {children}
    </div>
  );
}

function kept(): Draft {
  try {
    return { ...NOTHING, ...(JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}") as Draft) };
  } catch {
    return NOTHING;
  }
}
