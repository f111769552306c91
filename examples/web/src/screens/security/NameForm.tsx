import { Field } from "../../forms/Field";
import { Form, type Outcome } from "../../forms/Form";
import { useNotices } from "../../layout/notices";
import { useTexts } from "../../texts";

interface NameFormProps {
  /** Names the draft. */
  draft: string;
  /** The mutation's field for the name. */
  field: "deviceName" | "nickname";
  name: string | null;
  label: string;
  hint: string;
  submit: string;
  /** Names it, or takes the name back. */
  rename(name: string | null): Promise<Outcome>;
  onRenamed(): void;
  onCancel(): void;
}

/** Names one of a list, in its place. */
export function NameForm({ draft, field, name, label, hint, submit, rename, onRenamed, onCancel }: NameFormProps) {
  const { cancel } = useTexts();
  const { show } = useNotices();
  return (
    <Form
      name={draft}
      submit={submit}
      send={(values) => rename(values[field] || null)}
      onResult={(result) => {
        if (!result.__typename.endsWith("Success")) return false;
        show("done", result.message);
        onRenamed();
        return true;
      }}
      aside={
        <button type="button" className="button" onClick={onCancel}>
          {cancel}
        </button>
      }
    >
      <Field name={field} label={label} hint={hint} optional autoComplete="off" autoFocus defaultValue={name ?? ""} />
    </Form>
  );
}
