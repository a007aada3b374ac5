/** Desktop notices: whether this browser can show them, and whether they are wanted here. */

const WANTED = "desktop-notices";

/** `unable`: not on this browser or not at this address; `refused`: by its own settings. */
export type Standing = "unable" | "refused" | "off" | "on";

export function standing(): Standing {
  if (!("Notification" in globalThis) || !globalThis.isSecureContext) return "unable";
  if (Notification.permission === "denied") return "refused";
  const wanted = localStorage.getItem(WANTED) === "on";
  return wanted && Notification.permission === "granted" ? "on" : "off";
}

/** Turn them on, which asks for leave where it is needed, or off. */
export async function turn(on: boolean): Promise<Standing> {
  if (standing() === "unable") return "unable";
  localStorage.setItem(WANTED, on ? "on" : "off");
  if (on && Notification.permission === "default") await Notification.requestPermission();
  return standing();
}

export interface Notice {
  title: string;
  body: string;
  /** A later notice of the same name takes its place, whichever tab shows it. */
  tag: string;
}

/** Shows a notice without a sound; what is given back takes it away. */
export function show({ title, body, tag }: Notice, onClick: () => void): () => void {
  try {
    const shown = new Notification(title, { body, tag, silent: true, icon: "/ui/icon.svg" });
    shown.onclick = () => {
      window.focus();
      shown.close();
      onClick();
    };
    return () => shown.close();
  } catch {
    return () => {};
  }
}
