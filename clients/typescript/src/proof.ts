import type { AccountsClient } from "./client.js";
import type { ProofWay } from "./generated/graphql.js";

/**
 * Asks the person for a proof by one of `ways`, and sends it with `reauthenticate`, whose result says what to show.
 * Returns once a proof was accepted, or the person gives none.
 */
export type AskForProof = (
  ways: readonly ProofWay[],
  reauthenticate: AccountsClient["reauthenticate"],
) => Promise<unknown>;

/**
 * Calls `mutate`, and once more after a proof if the service asks for a recent one. Without a proof, the result is that
 * ReauthenticationRequiredError.
 */
export async function withRecentProof<R extends { __typename: string }>(
  client: Pick<AccountsClient, "reauthenticate">,
  mutate: () => Promise<R>,
  ask: AskForProof,
): Promise<R> {
  const result = await mutate();
  if (result.__typename !== "ReauthenticationRequiredError") return result;
  const { ways } = result as R & { ways: ProofWay[] };
  let proved = false;
  await ask(ways, async (...proof) => {
    const answer = await client.reauthenticate(...proof);
    proved ||= answer.__typename === "ReauthenticateSuccess";
    return answer;
  });
  return proved ? mutate() : result;
}
