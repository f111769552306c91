import { useAccount } from "timbrado-accounts-client/react";

import { RecentProofProvider } from "../forms/RecentProof";
import { Page } from "../layout/Page";
import { useSecurityTexts } from "../texts/security";
import { DeletionCard } from "./security/DeletionCard";
import { EmailCard } from "./security/EmailCard";
import { EventsCard } from "./security/EventsCard";
import { ExportCard } from "./security/ExportCard";
import { LanguageCard } from "./security/LanguageCard";
import { PasswordCard } from "./security/PasswordCard";
import { PasskeysCard } from "./security/PasskeysCard";
import { RfcCard } from "./security/RfcCard";
import { SecondFactorCard } from "./security/SecondFactorCard";
import { SessionsCard } from "./security/SessionsCard";

/**
 * How people keep their account theirs: each card is a subject of its own. Where the operator demands a second factor, an
 * account without one has only what adds it.
 */
export function SecurityScreen() {
  const texts = useSecurityTexts();
  const demanded = useAccount().secondFactorEnrollmentRequired;
  return (
    <Page wide title={texts.title} intro={demanded ? texts.demanded : texts.intro}>
      <RecentProofProvider>
        <PasskeysCard />
        <SecondFactorCard />
        {!demanded && (
          <>
            <SessionsCard />
            <EventsCard />
            <div className="grid">
              <EmailCard />
              <RfcCard />
              <PasswordCard />
              <LanguageCard />
            </div>
            <ExportCard />
            <DeletionCard />
          </>
        )}
      </RecentProofProvider>
    </Page>
  );
}
