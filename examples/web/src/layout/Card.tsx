import { useId, type ReactNode, type Ref } from "react";

interface CardProps {
  title: string;
  intro?: string;
  /** The heading, which can take the focus when what had it is gone. */
  heading?: Ref<HTMLHeadingElement>;
  children?: ReactNode;
}

export function Card({ title, intro, heading, children }: CardProps) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {intro && <p className="hint">{intro}</p>}
      {children}
    </section>
  );
}
