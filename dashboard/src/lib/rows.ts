/** `j` and `k` on a list: the focus goes from row to row. */
export function moveFocus(list: HTMLElement | null, rows: string, by: number): void {
  const found = [...(list?.querySelectorAll<HTMLElement>(rows) ?? [])];
  const at = found.indexOf(document.activeElement as HTMLElement);
  found[Math.min(found.length - 1, Math.max(0, at + by))]?.focus();
}
