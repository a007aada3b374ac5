/** The parts of the settings, each with an address of its own. */
export const PARTS = [
  ["configuration", "Configuration"],
  ["integrations", "Integrations"],
  ["budgets", "Budgets"],
  ["quiet-hours", "Quiet hours"],
  ["policy", "Policy"],
  ["doctor", "Doctor"],
  ["browser", "This browser"],
] as const;
export type Part = (typeof PARTS)[number][0];
