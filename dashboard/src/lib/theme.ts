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

/** Puts the choice on the page, where style sheets and the frame of the browser look for it. */
export function applyTheme(): void {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  for (const frame of document.querySelectorAll<HTMLMetaElement>("meta[data-theme]")) {
    const look = frame.dataset.theme;
    const asChosen = look === chosen ? "all" : "not all";
    frame.media = chosen === "system" ? `(prefers-color-scheme: ${look})` : asChosen;
  }
}
