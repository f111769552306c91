import type { Client } from "@urql/core";
import { readFragment } from "gql.tada";

import { graphql } from "./graphql";

const Failure = graphql(`
  fragment Failure on UserError {
    message
  }
`);

const Login = graphql(
  `
    mutation Login($input: LoginInput!) {
      login(input: $input) {
        __typename
        ... on LoginSuccess {
          token
          account {
            email
            onboarding {
              currentStep
            }
          }
        }
        ... on InvalidInputError {
          fields {
            field
            message
          }
        }
        ...Failure
      }
    }
  `,
  [Failure],
);

/** Returns the session's token, or throws what to show to the person. */
export async function signIn(client: Client, email: string, password: string): Promise<string | null> {
  const { data, error } = await client.mutation(Login, { input: { email, password, deviceName: "Examples" } });
  if (!data) throw error;
  const result = data.login;
  switch (result.__typename) {
    case "LoginSuccess":
      return result.token;
    case "InvalidInputError":
      throw new Error(result.fields.map(({ field, message }) => `${field}: ${message}`).join("\n"));
    default:
      throw new Error(readFragment(Failure, result).message);
  }
}
