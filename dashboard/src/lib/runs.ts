/** A run of tests in words and figures. */
import type { Schemas } from "@/lib/api";

export type Run = Schemas["RunView"];

export function failures(run: Run): number {
  return run.failures ?? run.failed.length;
}

export function isGreen(run: Run | null | undefined): boolean {
  return Boolean(run && failures(run) === 0 && (run.exit_code ?? 0) === 0);
}

/** "14 pass, 1 fail"; never only the good half. */
export function told(run: Run | null | undefined): string {
  if (!run) return "not run";
  return `${run.passed} pass, ${failures(run)} fail`;
}
