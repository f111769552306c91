import { initGraphQLTada } from "gql.tada";

import type { introspection } from "./graphql-env";

/** Money, folios and dates are strings: a JavaScript number cannot hold every folio. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; BigInt: string };
}>();
