import { useEffect, useState } from "react";
import type { ActivationFieldsFragment, BankDepositFieldsFragment } from "timbrado-accounts-client";
import { useAccount } from "timbrado-accounts-client/react";

import { Message } from "../layout/Message";
import { useNotices } from "../layout/notices";
import { Page } from "../layout/Page";
import { forget, Link } from "../router";
import { useFormats, useTexts } from "../texts";
import { DepositCard } from "./DepositCard";
import { PayForm } from "./PayForm";
import { useFollowedPayment } from "./useFollowedPayment";

/** Step 4: what there is to pay now, or what is being waited for. */
export function PaymentScreen() {
  const { activation, onboarding, openDeposit, paymentPending } = useAccount();
  const texts = useTexts();
  const [now] = useState(Date.now);
  useReturnWithoutPayment();
  useFollowedPayment();
  if (paymentPending) return <Page step={4} title={texts.payment.pendingTitle} intro={texts.payment.pendingIntro} />;
  if (openDeposit) return <WaitingForDeposit key={openDeposit.id} deposit={openDeposit} />;
  if (activation?.active && Date.parse(activation.renewableFrom) > now) return <Active {...activation} />;
  return (
    <Page step={4} wide title={activation ? texts.payment.renewTitle : texts.payment.title} intro={texts.payment.intro}>
      {onboarding.completedSteps.includes("CONFIGURE_COMPANY") ? (
        <section className="card">
          <PayForm />
        </section>
      ) : (
        <Message kind="warning" text={texts.payment.companyFirst}>
          <Link href="/empresa" className="button small">
            {texts.payment.toCompany}
          </Link>
        </Message>
      )}
    </Page>
  );
}

function WaitingForDeposit({ deposit }: { deposit: BankDepositFieldsFragment }) {
  const texts = useTexts().deposit;
  const [opened, setOpened] = useState(false);
  return (
    <Page step={4} wide title={texts.title} intro={texts.intro}>
      <DepositCard deposit={deposit} />
      <details className="card quiet" onToggle={() => setOpened(true)}>
        <summary>{texts.other}</summary>
        {opened && <PayForm />}
      </details>
    </Page>
  );
}

function Active({ until, renewableFrom }: ActivationFieldsFragment) {
  const texts = useTexts().payment;
  const { date } = useFormats();
  return (
    <Page step={4} title={texts.activeTitle} intro={texts.activeUntil(date(until))}>
      <section className="card">
        <p>{texts.renewableFrom(date(renewableFrom))}</p>
        <p>
          <Link href="/cuenta" className="button primary">
            {texts.toAccount}
          </Link>
        </p>
      </section>
    </Page>
  );
}

/** PayPal sends who cancels back with the order in the query, which says nothing more. */
function useReturnWithoutPayment() {
  const { show } = useNotices();
  const { payment } = useTexts();
  useEffect(() => {
    if (!new URLSearchParams(location.search).has("token")) return;
    forget("search");
    show("warning", payment.canceled);
  }, [show, payment.canceled]);
}
