/** Light or dark: as the system has it, or as somebody chose for this browser. */

const KEPT = "theme";
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export function theme(): Theme {
  return THEMES.find((one) => one === localStorage.getItem(KEPT)) ?? "system";
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(KEPT, chosen);
  applyTheme();
}

/** Puts the choice on the page, where the style sheets look for it. */
export function applyTheme(): void {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
