/** What was found in a task, in words and figures. */
import type { Schemas } from "@/lib/api";

export { failures, isGreen, told, type Run } from "@/lib/runs";

export type Diagnosis = Schemas["DiagnosisView"];
export type Claim = Schemas["ClaimView"];
export type Proof = Schemas["Evidence"];
export type TestRun = Schemas["TestRun"];

/** A test before and after the fix. */
export interface Case {
  id: string;
  before: string;
  after: string;
  message: string;
  /** Whether it is the test that shows the fault. */
  leads: boolean;
  changed: boolean;
  red: boolean;
}

const NOT_RUN = "not run";

/** The tests of both runs: those that show the fault, then what changed, then what is red. */
export function casesOf({ base, fixed, regression_tests: leading }: Proof): Case[] {
  const before = new Map(base?.cases.map((one) => [one.test_id, one]));
  const after = new Map(fixed?.cases.map((one) => [one.test_id, one]));
  const leads = new Set(leading);
  const cases = [...new Set([...before.keys(), ...after.keys()])].map((id): Case => {
    const [first, last] = [before.get(id), after.get(id)];
    const [was, is] = [first?.outcome ?? NOT_RUN, last?.outcome ?? NOT_RUN];
    const red = is === "failed" || is === "error";
    return {
      id,
      before: was,
      after: is,
      message: last?.message || first?.message || "",
      leads: leads.has(id),
      changed: was !== is && was !== NOT_RUN && is !== NOT_RUN,
      red,
    };
  });
  const rank = (one: Case) => (one.leads ? 0 : one.changed ? 1 : one.red ? 2 : 3);
  return cases.sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
}
