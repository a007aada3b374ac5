/** The rules that stand, how each serves, and what a person may do with them. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Empty } from "@/components/states";
import { When } from "@/components/when";
import { plural } from "@/lib/format";
import { useSetRules, type IdentityCard, type Rule } from "../api/use-identities";
import { afterEdit, asTexts, RuleDialog, type Edit } from "./rule-dialog";
import { Share } from "./share";

interface Props {
  identity: IdentityCard;
  mayChange: boolean;
}

export function Rules({ identity, mayChange }: Props) {
  const [edit, setEdit] = useState<Edit | null>(null);
  const pin = useSetRules(identity.role);
  const put = (rule: Rule, pinned: boolean) =>
    pin.mutate({
      version: identity.version,
      rules: asTexts(identity.rules).map((one) =>
        one.text === rule.text ? { ...one, pinned } : one,
      ),
    });
  return (
    <section className="rules" aria-label="Rules">
      <div className="section-head">
        <h2>Rules</h2>
        <span className="quiet">best first, as they stand in prompts</span>
        {mayChange ? (
          <button type="button" onClick={() => setEdit({ kind: "add" })}>
            Add a rule…
          </button>
        ) : (
          <span className="quiet">Changing rules needs a key with scope operate.</span>
        )}
      </div>
      {pin.isError && (
        <p className="notice notice-bad" role="alert">
          Not saved. {pin.error.message}
        </p>
      )}
      {identity.rules.length === 0 ? (
        <Empty title="No rules yet.">
          <p>After three completed tasks with a model the role looks back, and may propose some.</p>
        </Empty>
      ) : (
        <ol className="rule-list">
          {identity.rules.map((rule) => (
            <RuleRow key={rule.text} rule={rule}>
              {mayChange && (
                <span className="rule-actions">
                  <button
                    type="button"
                    className="plain-button"
                    aria-pressed={rule.pinned}
                    disabled={pin.isPending}
                    onClick={() => put(rule, !rule.pinned)}
                  >
                    {rule.pinned ? "Unpin" : "Pin"}
                    <span className="visually-hidden"> {rule.text}</span>
                  </button>
                  <button
                    type="button"
                    className="plain-button"
                    onClick={() => setEdit({ kind: "edit", rule })}
                  >
                    Edit…<span className="visually-hidden"> {rule.text}</span>
                  </button>
                  <button
                    type="button"
                    className="plain-button"
                    onClick={() => setEdit({ kind: "delete", rule })}
                  >
                    Delete…<span className="visually-hidden"> {rule.text}</span>
                  </button>
                </span>
              )}
            </RuleRow>
          ))}
        </ol>
      )}
      {edit && (
        <RuleDialog
          key={edit.kind + (edit.rule?.text ?? "")}
          role={identity.role}
          version={identity.version}
          edit={edit}
          rulesAfter={(text) => afterEdit(identity.rules, edit, text)}
          onClose={() => setEdit(null)}
        />
      )}
    </section>
  );
}

function RuleRow({ rule, children }: { rule: Rule; children: React.ReactNode }) {
  return (
    <li className={rule.weak ? "rule rule-weak" : "rule"}>
      <p className="rule-text">
        <ForeignText text={rule.text} />
      </p>
      <p className="rule-marks">
        {rule.pinned && <span className="badge">Pinned</span>}
        {rule.correction && <span className="badge">Taught by people</span>}
        {rule.weak && (
          <span className="badge bad" title="Used 10 times or more with less than 55 % success">
            Weak: goes at the next reflection
          </span>
        )}
      </p>
      <dl className="rule-facts">
        <div>
          <dt>Succeeded</dt>
          <dd>
            <Share
              well={rule.success_count}
              of={rule.use_count}
              low={rule.success_low}
              high={rule.success_high}
              weak={rule.weak}
            />
          </dd>
        </div>
        <div>
          <dt>Without it</dt>
          <dd>
            {rule.withheld_count ? (
              `${rule.withheld_success_count} of ${rule.withheld_count}`
            ) : (
              <span className="quiet">never left out</span>
            )}
          </dd>
        </div>
        <div>
          <dt>Effect</dt>
          <dd>{effect(rule.effect)}</dd>
        </div>
        <div>
          <dt>Since</dt>
          <dd>
            <Origin rule={rule} />
          </dd>
        </div>
      </dl>
      {children}
    </li>
  );
}

function effect(difference: number | null) {
  if (difference === null) return <span className="quiet">not enough data</span>;
  const points = Math.round(difference * 100);
  const sign = points > 0 ? "+" : points < 0 ? "−" : "±";
  return (
    <span className={points < 0 ? "bad" : points > 0 ? "good" : ""}>
      {sign}
      {Math.abs(points)} points
    </span>
  );
}

function Origin({ rule }: { rule: Rule }) {
  if (!rule.learned_at) return <span className="quiet">by a person</span>;
  return (
    <>
      <When at={rule.learned_at} />
      {rule.learned_by && <span className="quiet"> by {rule.learned_by}</span>}
      {rule.learned_from.length > 0 && (
        <details className="sources">
          <summary>from {plural(rule.learned_from.length, "task")}</summary>
          {rule.learned_from.map((task) => (
            <Link key={task} to="/tasks/$taskId" params={{ taskId: task }}>
              {task.slice(0, 8)}
            </Link>
          ))}
        </details>
      )}
    </>
  );
}
