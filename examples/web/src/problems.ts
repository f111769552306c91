import { NetworkError, RequestError, ServiceError } from "timbrado-accounts-client";

import type { Texts } from "./texts/es";

/** Returns what to say about an error of the client; results say it themselves. */
export function problemOf(error: unknown, texts: Texts): string {
  const { offline, slow, long, busy, defect, reference } = texts.problem;
  if (error instanceof NetworkError) return error.timedOut ? slow : offline;
  if (error instanceof ServiceError && error.code === "TOO_MANY_ATTEMPTS") return error.message;
  if (error instanceof RequestError && error.status === 413) return long;
  const say = error instanceof ServiceError && error.code !== "INTERNAL" ? busy : defect;
  const known = error instanceof ServiceError || error instanceof RequestError ? error.reference : undefined;
  return known ? `${say} ${reference(known)}` : say;
}
