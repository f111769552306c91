// A service that answers what a test says, and its accounts.

import type { Account } from "../src/index.js";

export const url = "http://accounts.test/graphql";

/** Returns an account with everything that the session keeps. */
export function accountOf(id: string, more: Partial<Account> = {}): Account {
  return {
    id,
    email: `${id}@example.com`,
    rfc: "EKU9003173C9",
    taxpayerType: "PERSONA_MORAL",
    language: "ES",
    passwordChangeRequired: false,
    secondFactorEnrollmentRequired: false,
    recentProofUntil: null,
    secondFactor: null,
    onboarding: { currentStep: "CONFIGURE_COMPANY", completedSteps: ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT"] },
    activation: null,
    deletion: null,
    openDeposit: null,
    paymentPending: false,
    ...more,
  };
}

type Variables = { input?: Record<string, unknown> };
type Answer = (data: unknown) => Promise<void>;

/** A fetch whose requests wait until the test answers them, in whatever order. */
export class Answers {
  readonly requests: { query: string; variables: Variables; headers: Headers; answer: Answer }[] = [];

  readonly fetch: typeof fetch = (_, init) =>
    new Promise((resolve) => {
      const { query, variables } = JSON.parse(String(init!.body)) as { query: string; variables: Variables };
      const answer = async (data: unknown) => {
        resolve(new Response(JSON.stringify({ data })));
        await settled();
      };
      this.requests.push({ query, variables, headers: new Headers(init!.headers), answer });
    });

  /** Answers the oldest request of the operation that has not been answered. */
  async answer(operation: string, data: unknown): Promise<void> {
    await settled();
    const index = this.requests.findIndex(({ query }) => new RegExp(`^\\w+ ${operation}\\b`).test(query));
    if (index < 0) throw new Error(`${operation} was not requested.`);
    await this.requests.splice(index, 1)[0]!.answer(data);
  }
}

/** Waits until everything that is under way without a network has happened, messages between tabs included. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
