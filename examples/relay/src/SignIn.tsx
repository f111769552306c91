import { useState } from "react";
import { graphql, useMutation } from "react-relay";

import type { SignInMutation, SignInMutation$data } from "./__generated__/SignInMutation.graphql";

import { Progress } from "./Progress";

/** Signs in with the form's fields, and shows the progress of the account, or what the person can do. */
export function SignIn() {
  const [result, setResult] = useState<SignInMutation$data["login"]>();
  const [login, pending] = useMutation<SignInMutation>(graphql`
    mutation SignInMutation($input: LoginInput!) {
      login(input: $input) {
        ... on LoginSuccess @alias(as: "success") {
          account {
            ...Progress_account
          }
        }
        ... on InvalidInputError @alias(as: "invalid") {
          fields {
            field
            message
          }
        }
        ... on UserError @alias(as: "failure") {
          message
        }
      }
    }
  `);

  function signIn(form: FormData) {
    const input = { email: String(form.get("email")), password: String(form.get("password")), transport: "COOKIE" } as const;
    login({ variables: { input }, onCompleted: ({ login }) => setResult(login) });
  }

  if (result?.success) return <Progress account={result.success.account} />;
  return (
    <form action={signIn}>
      <p role="alert">{result?.failure?.message}</p>
      {result?.invalid?.fields.map(({ field, message }) => <p key={field}>{message}</p>)}
      <input name="email" type="email" autoComplete="username" />
      <input name="password" type="password" autoComplete="current-password" />
      <button disabled={pending}>Entrar</button>
    </form>
  );
}
