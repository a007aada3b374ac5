/** The typed client; every refusal becomes a `Problem`, every silence an `Unreachable`. */
import createClient from "openapi-fetch";
import type { components, paths } from "@/lib/api-types";

export type Schemas = components["schemas"];
export type Task = Schemas["TaskView"];
export type TaskFacts = Schemas["TaskFacts"];
export type Approval = Schemas["ApprovalView"];
export type ApprovalFacts = Schemas["ApprovalFacts"];
export type Choice = ApprovalFacts["options"][number];

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly facts: Record<string, unknown>,
  ) {
    super(message);
  }
}

/** Whether something was kept for a time only, which has passed. */
export function isGone(error: unknown): boolean {
  return error instanceof Problem && error.status === 410;
}

/** Nothing answered: the machine is offline, or the server is down. */
export class Unreachable extends Error {}

export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  headers: { "X-Anton": "dashboard" },
  fetch: (request) => globalThis.fetch(request),
});

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was answered; throws Problem or Unreachable. */
export async function answerOf<T>(asked: Promise<Answered<T>>): Promise<T> {
  let answered: Answered<T>;
  try {
    answered = await asked;
  } catch (error) {
    throw new Unreachable("The server does not answer.", { cause: error });
  }
  if (!answered.response.ok) throw problemOf(answered.response.status, answered.error);
  return answered.data as T;
}

function problemOf(status: number, body: unknown): Problem {
  const facts = (body && typeof body === "object" ? body : {}) as Record<string, unknown>;
  const kind = String(facts.type ?? "").replace("urn:anton:", "");
  return new Problem(status, kind, String(facts.detail ?? `Status ${status}.`), facts);
}
