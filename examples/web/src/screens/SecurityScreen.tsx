import { RecentProofProvider } from "../forms/RecentProof";
import { Page } from "../layout/Page";
import { useSecurityTexts } from "../texts/security";
import { SessionsCard } from "./security/SessionsCard";

/** How people keep their account theirs: each card is a subject of its own. */
export function SecurityScreen() {
  const texts = useSecurityTexts();
  return (
    <Page wide title={texts.title} intro={texts.intro}>
      <RecentProofProvider>
        <SessionsCard />
      </RecentProofProvider>
    </Page>
  );
}
