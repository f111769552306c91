import type { Methods } from "./generated/graphql.js";

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. A mutation may have happened all the same. */
  signal?: AbortSignal;
  /** How often to try again after a NetworkError, 429 or 503: by default once for queries, and never for mutations. */
  retries?: number;
}

/** An operation of graphql/operations/, as the service knows it. */
export interface Operation {
  readonly kind: "query" | "mutation";
  readonly field: string;
  readonly parameter: "input" | "variables" | null;
  readonly text: string;
  /** The id of the text as a trusted document. */
  readonly id: string;
}

export type OperationName = keyof Methods;

/**
 * Stands for the members that a union may gain later, so that a `default` branch has a `message` even after a `case`
 * for every member of today. Its real `__typename` is the new member's.
 */
export interface FutureMember {
  __typename: "%other";
  message: string;
}

/** The value of an operation's field. A union, which always has `__typename`, also has its future members. */
export type Result<T> = T extends { __typename: string } ? T | FutureMember : T;
