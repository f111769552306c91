import { Field } from "../../forms/Field";

/** A code of 40 characters, which is no draft: it comes with a mail. */
export function CodeField({ label, hint, code }: { label: string; hint: string; code?: string | undefined }) {
  return (
    <Field
      name="code"
      label={label}
      hint={hint}
      className="code"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      defaultValue={code}
      data-secret
    />
  );
}
