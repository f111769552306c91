import { useEffect, useRef, type ReactNode } from "react";

import { useTexts } from "../texts";
import { Steps } from "./Steps";

interface PageProps {
  title: string;
  intro?: string;
  step?: 1 | 2 | 3 | 4;
  /** For pages with more than one form. */
  wide?: boolean;
  children?: ReactNode;
}

let opened = false;

/** A page: its title is the document's, and gets the focus when one comes from another page. */
export function Page({ title, intro, step, wide = false, children }: PageProps) {
  const { siteName } = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${siteName}`;
  }, [title, siteName]);
  useEffect(() => {
    if (opened) heading.current?.focus({ preventScroll: true });
    opened = true;
  }, []);
  return (
    <>
      {step && <Steps current={step} />}
      <div className={wide ? "page wide" : "page"}>
        <header className="page-head">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {intro && <p>{intro}</p>}
        </header>
        <div className="page-body">{children}</div>
      </div>
    </>
  );
}
