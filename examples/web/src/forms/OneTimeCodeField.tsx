import { Field } from "./Field";

/** Has room for a recovery code, too. */
export function OneTimeCodeField({ label, hint }: { label: string; hint?: string }) {
  return (
    <Field
      name="oneTimeCode"
      label={label}
      hint={hint}
      autoComplete="one-time-code"
      autoCapitalize="characters"
      spellCheck={false}
      data-secret
    />
  );
}
