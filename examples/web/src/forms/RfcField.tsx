import { useTexts } from "../texts";
import { Field } from "./Field";

export function RfcField({ label }: { label: string }) {
  return (
    <Field
      name="rfc"
      label={label}
      hint={useTexts().register.rfcHint}
      className="upper"
      autoComplete="off"
      autoCapitalize="characters"
      spellCheck={false}
    />
  );
}
