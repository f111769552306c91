import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from "react";

import { useTexts } from "../texts";
import { useForm } from "./Form";

interface FieldProps {
  /** The field's name in the input of the mutation. */
  name: string;
  label: string;
  hint?: string | undefined;
  optional?: boolean;
}

type InputProps = FieldProps & Omit<InputHTMLAttributes<HTMLInputElement>, "name">;

export function Field({ name, label, hint, optional = false, defaultValue, ...input }: InputProps) {
  const { attributes, labeled } = useLabels({ name, label, hint, optional });
  const { draft } = useForm();
  return labeled(
    <input
      {...input}
      {...attributes}
      className={`input ${input.className ?? ""}`}
      defaultValue={draft[name] ?? defaultValue}
    />,
  );
}

type SelectProps = FieldProps & Omit<SelectHTMLAttributes<HTMLSelectElement>, "name">;

export function SelectField({ name, label, hint, optional = false, defaultValue, children, ...select }: SelectProps) {
  const { attributes, labeled } = useLabels({ name, label, hint, optional });
  const { draft } = useForm();
  return labeled(
    <select {...select} {...attributes} className="input" defaultValue={draft[name] ?? defaultValue}>
      {children}
    </select>,
  );
}

interface CheckProps {
  name: string;
  /** What is sent if the box is checked. A draft of another value leaves it empty. */
  value: string;
  children: ReactNode;
}

export function CheckField({ name, value, children }: CheckProps) {
  const { attributes, problem } = useLabels({ name, label: "" });
  const { draft } = useForm();
  return (
    <div className="field">
      <label className="check">
        <input {...attributes} type="checkbox" value={value} defaultChecked={draft[name] === value} />
        <span>{children}</span>
      </label>
      {problem}
    </div>
  );
}

/** Returns the attributes of a control, its error, and a function that puts label, hint and error around it. */
export function useLabels({ name, label, hint, optional = false }: FieldProps) {
  const id = useId();
  const texts = useTexts();
  const { errors, errorLang, clearError } = useForm();
  const error = errors[name];
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const attributes = {
    id,
    name,
    "aria-required": !optional,
    "aria-invalid": Boolean(error),
    "aria-describedby": described || undefined,
    onChange: () => error && clearError(name),
  };
  const problem = error && (
    <p className="field-error" id={`${id}-error`} lang={errorLang}>
      {error}
    </p>
  );
  const labeled = (control: ReactNode) => (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="optional"> ({texts.optional})</span>}
      </label>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {control}
      {problem}
    </div>
  );
  return { attributes, labeled, problem };
}
