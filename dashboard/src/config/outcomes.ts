/** How an end is told: no fix is a result too, and bears its name. */
interface Told {
  title: string;
  tone: "good" | "warn" | "bad" | "plain";
}

const ENDS: Record<string, Told> = {
  fixed: { title: "Fixed.", tone: "good" },
  fixed_unverified: { title: "Changed, but no test proves the fix.", tone: "warn" },
  cannot_reproduce: { title: "The fault could not be reproduced.", tone: "plain" },
  already_fixed: { title: "Already fixed on this base.", tone: "good" },
  not_a_code_fault: { title: "Not a code fault.", tone: "plain" },
  duplicate: { title: "The same fault as an open task.", tone: "plain" },
  noise: { title: "Noise: nothing is at fault.", tone: "plain" },
  needs_information: { title: "Information is missing.", tone: "warn" },
  out_of_budget: { title: "The budget was spent before a fix was found.", tone: "warn" },
  blocked: { title: "Something stood in the way.", tone: "warn" },
  rejected: { title: "The fix was turned down.", tone: "plain" },
  cancelled: { title: "Cancelled.", tone: "plain" },
  failed: { title: "No fix was found.", tone: "bad" },
};

const PLACES: Record<string, string> = {
  config: "configuration",
  infra: "the infrastructure",
  dependency: "a dependency",
  data: "data",
};

export function endOf(outcome: string, category?: string | null): Told {
  const told = ENDS[outcome] ?? { title: `${outcome}.`, tone: "plain" };
  const place = outcome === "not_a_code_fault" && category ? PLACES[category] : undefined;
  return place ? { ...told, title: `Not a code fault. The cause is in ${place}.` } : told;
}
