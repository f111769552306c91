import { useSession } from "timbrado-accounts-client/react";

import { Link } from "../router";
import { useTexts } from "../texts";
import { Icon } from "./Icon";

const NAMES = ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT", "CONFIGURE_COMPANY", "SELECT_PAYMENT_METHOD"] as const;

/** The manual's progress bar. What is done is what the service says; before that, the steps before this one. */
export function Steps({ current }: { current: 1 | 2 | 3 | 4 }) {
  const texts = useTexts().steps;
  const { account } = useSession();
  const done = (number: number) =>
    account ? account.onboarding.completedSteps.includes(NAMES[number - 1]!) : number < current;
  const paths = account ? [null, null, "/empresa", "/pago"] : ["/registro", "/confirmar", "/entrar", null];

  return (
    <nav className="steps" aria-label={texts.label}>
      <ol>
        {texts.names.map((name, index) => {
          const number = index + 1;
          const path = paths[index];
          const state = number === current ? "current" : done(number) ? "done" : "ahead";
          const content = (
            <>
              <span className="step-number" aria-hidden="true">
                {done(number) && number !== current ? <Icon name="check" /> : number}
              </span>
              <span className="step-text">
                <span className="step-label">{number === current ? texts.of(number) : texts.step(number)}</span>{" "}
                <span className="step-name">{name}</span>
                {done(number) && <span className="unseen"> ({texts.completed})</span>}
              </span>
            </>
          );
          return (
            <li key={name} className={state} aria-current={number === current ? "step" : undefined}>
              {path && number !== current ? (
                <Link href={path}>{content}</Link>
              ) : (
                <span className="step-still">{content}</span>
              )}
            </li>
          );
        })}
      </ol>
      <p className="steps-narrow" aria-hidden="true">
        {texts.of(current)}: <strong>{texts.names[current - 1]}</strong>
      </p>
    </nav>
  );
}
