import { createContext, useContext, useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";

import { Message } from "../layout/Message";
import { problemOf } from "../problems";
import { useLang, useLanguage } from "../texts";
import { dropDraft, keepDraft, readDraft, type Values } from "./drafts";
import { SubmitButton } from "./SubmitButton";

/** What every result has; those about an invalid form list its fields, too. */
export interface Outcome {
  __typename: string;
  message: string;
  fields?: readonly { field: string; message: string }[];
}

interface FormState {
  errors: Values;
  /** The `lang` of the errors, if it is not the page's. */
  errorLang: string | undefined;
  draft: Values;
  clearError(field: string): void;
}

interface FormProps<R extends Outcome> {
  /** Names the draft. */
  name: string;
  send(values: Values): Promise<R>;
  /** Returns whether the result needs no message in the form. */
  onResult(result: R): boolean;
  submit: string;
  /** Beside the button. */
  aside?: ReactNode;
  children?: ReactNode;
}

const FormContext = createContext<FormState | null>(null);

export function useForm(): FormState {
  const form = useContext(FormContext);
  if (!form) throw new Error("This component must be inside a Form.");
  return form;
}

/** Sends what was typed, puts errors at their fields, and moves the focus to the first of them. */
export function Form<R extends Outcome>({ name, send, onResult, submit, aside, children }: FormProps<R>) {
  const { language, texts } = useLanguage();
  const form = useRef<HTMLFormElement>(null);
  const [draft] = useState(() => readDraft(name));
  const [errors, setErrors] = useState<Values>({});
  const [written, setWritten] = useState(language);
  const errorLang = useLang(written);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (!attempt) return;
    const invalid = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    invalid?.closest("details")?.setAttribute("open", "");
    invalid?.focus();
  }, [attempt]);

  const take = (result: R) => {
    if (result.fields) {
      const placed = new Map(result.fields.map(({ field, message }) => [field, message]));
      const names = new Set(Array.from(form.current?.elements ?? [], (element) => element.getAttribute("name")));
      const elsewhere = [...placed].filter(([field]) => !names.has(field)).map(([, message]) => message);
      setErrors(Object.fromEntries(placed));
      setProblem(elsewhere.join(" ") || null);
    } else if (onResult(result)) {
      dropDraft(name);
    } else {
      setProblem(result.message);
    }
  };

  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || !form.current) return;
    setBusy(true);
    setProblem(null);
    setErrors({});
    setWritten(language);
    try {
      take(await send(valuesOf(form.current)));
    } catch (error) {
      if (error instanceof InvalidForm) setErrors(error.fields);
      else setProblem(problemOf(error, texts));
    }
    setBusy(false);
    setAttempt((number) => number + 1);
  };

  const state: FormState = {
    errors,
    errorLang,
    draft,
    clearError: (field) => setErrors(({ [field]: _, ...others }) => others),
  };
  return (
    <FormContext value={state}>
      <form
        ref={form}
        className="form"
        noValidate
        onSubmit={(event) => void onSubmit(event)}
        onInput={({ currentTarget }) => keepDraft(name, valuesOf(currentTarget, "[data-secret]"))}
      >
        {children}
        <div role="alert">{problem && <Message kind="warning" text={problem} />}</div>
        <div className="form-actions">
          <SubmitButton busy={busy}>{submit}</SubmitButton>
          {aside}
        </div>
      </form>
    </FormContext>
  );
}

/** For values that the API's types cannot hold, such as a year that is no number. */
export class InvalidForm extends Error {
  constructor(readonly fields: Values) {
    super("The form is invalid.");
  }
}

function valuesOf(form: HTMLFormElement, without?: string): Values {
  const omitted = new Set(
    without ? Array.from(form.querySelectorAll(without), (element) => element.getAttribute("name")) : [],
  );
  const entries = Array.from(new FormData(form)).filter(([field]) => !omitted.has(field));
  return Object.fromEntries(entries.map(([field, value]) => [field, String(value)]));
}
