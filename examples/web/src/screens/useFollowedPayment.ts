import { useEffect, useRef } from "react";
import { useAccount, useClient } from "timbrado-accounts-client/react";

import { useNotices } from "../layout/notices";
import { useTexts } from "../texts";

const INTERVAL = 30_000; // milliseconds

/** Asks for news of a payment while the page is visible, and says when it has arrived. */
export function useFollowedPayment() {
  const { session } = useClient();
  const { activation, openDeposit, paymentPending } = useAccount();
  const { show } = useNotices();
  const { payment } = useTexts();
  const waiting = paymentPending || openDeposit !== null;

  useEffect(() => {
    if (!waiting) return;
    const ask = () => {
      if (document.visibilityState === "visible") session.refresh().catch(() => undefined);
    };
    const timer = setInterval(ask, INTERVAL);
    addEventListener("focus", ask);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      removeEventListener("focus", ask);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [session, waiting]);

  const before = useRef({ waiting, until: activation?.until });
  useEffect(() => {
    const last = before.current;
    before.current = { waiting, until: activation?.until };
    if (last.waiting && activation?.active && activation.until !== last.until) show("done", payment.activated);
  }, [activation, payment.activated, show, waiting]);
}
