/** Add, edit or delete one rule, with what that does to the versions; words outlive a refusal. */
import { useState } from "react";
import { Dialog } from "@/components/dialog";
import { ForeignText } from "@/components/foreign-text";
import { Problem, Unreachable } from "@/lib/api";
import { useSetRules, type Rule, type RuleText } from "../api/use-identities";

export type Edit =
  { kind: "add"; rule?: undefined } | { kind: "edit"; rule: Rule } | { kind: "delete"; rule: Rule };

const RULE_MAX = 500;
const TITLES = { add: "Add a rule", edit: "Edit the rule", delete: "Delete the rule" };

interface Props {
  role: string;
  version: number;
  edit: Edit;
  /** All rules as they shall stand, with the text that was written. */
  rulesAfter: (text: string) => RuleText[];
  onClose: () => void;
}

export function RuleDialog({ role, version, edit, rulesAfter, onClose }: Props) {
  const [text, setText] = useState(edit.rule?.text ?? "");
  const [seen, setSeen] = useState(version);
  const save = useSetRules(role);
  const gone = edit.kind === "delete";
  const ready = gone || (text.trim() !== "" && text.trim() !== edit.rule?.text);
  const send = () => {
    if (!ready || save.isPending) return;
    save.mutate({ version: seen, rules: rulesAfter(text.trim()) }, { onSuccess: onClose });
  };
  const stale = save.error instanceof Problem && save.error.status === 409 && version > seen;
  return (
    <Dialog title={`${TITLES[edit.kind]} of ${role}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {gone ? (
          <p className="said-rule">
            <ForeignText text={edit.rule.text} />
          </p>
        ) : (
          <>
            <label htmlFor="rule-text">The rule, in one sentence</label>
            <textarea
              id="rule-text"
              data-first
              rows={3}
              maxLength={RULE_MAX}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) send();
              }}
            />
          </>
        )}
        <p className="quiet">
          Creates v{seen + 1}
          {gone ? " without this rule" : edit.kind === "edit" ? " with the new words" : ""}.{" "}
          {seen > 0 && `v${seen} stays in the history.`}
          {edit.kind === "edit" && " A rule with other words begins to count anew."}
        </p>
        {save.isError && (
          <p role="alert" className="trouble">
            Not saved. {said(save.error)}
            {stale && " Look at what has changed, then save on top of it."}
          </p>
        )}
        <div className="buttons">
          <button type="button" data-first={gone || undefined} onClick={onClose}>
            Not yet
          </button>
          {stale ? (
            <button
              type="button"
              onClick={() => {
                setSeen(version);
                save.reset();
              }}
            >
              Take v{version} as the base
            </button>
          ) : (
            <button
              type="submit"
              className={gone ? "danger" : "primary"}
              disabled={!ready || save.isPending}
            >
              {save.isPending ? "Saving…" : gone ? "Delete this rule" : "Save the rule"}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function said(error: Error): string {
  return error instanceof Unreachable ? `${error.message} Your words are kept.` : error.message;
}

/** Rules as they are sent back. */
export function asTexts(rules: readonly Rule[]): RuleText[] {
  return rules.map(({ text, pinned, correction }) => ({ text, pinned, correction }));
}

/** All rules after one edit; a rule that is new or has other words is one that people taught. */
export function afterEdit(rules: readonly Rule[], edit: Edit, text: string): RuleText[] {
  const now = asTexts(rules);
  if (edit.kind === "add") return [...now, { text, pinned: false, correction: true }];
  if (edit.kind === "delete") return now.filter((one) => one.text !== edit.rule.text);
  return now.map((one) => (one.text === edit.rule.text ? { ...one, text, correction: true } : one));
}
