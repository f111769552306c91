import { useId, useLayoutEffect, useRef, type ReactNode, type SyntheticEvent } from "react";

interface DialogProps {
  title: string;
  intro: string;
  onClose(): void;
  children: ReactNode;
}

/** A window before the page. Escape closes it, and the focus returns to where it was. */
export function Dialog({ title, intro, onClose, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>("input:not([readonly]), button")?.focus();
    return () => element?.close(); // while it is in the page, or the focus would be lost
  }, []);
  const canceled = (event: SyntheticEvent) => {
    event.preventDefault(); // or it would be hidden at once and closed later, and keys until then would be lost
    onClose();
  };
  const closed = () => {
    if (!dialog.current?.open) onClose(); // StrictMode closes it, and opens it again
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-intro`}
      onCancel={canceled}
      onClose={closed}
    >
      <h2 id={`${id}-title`}>{title}</h2>
      <p id={`${id}-intro`}>{intro}</p>
      {children}
    </dialog>
  );
}
