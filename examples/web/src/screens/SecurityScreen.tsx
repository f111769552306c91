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

/** How people keep their account theirs: each card is a subject of its own. */
export function SecurityScreen() {
  const texts = useSecurityTexts();
  return (
    <Page wide title={texts.title} intro={texts.intro}>
      <RecentProofProvider>
        <PasskeysCard />
        <SecondFactorCard />
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
      </RecentProofProvider>
    </Page>
  );
}
