import { graphql, useFragment } from "react-relay";

import type { Progress_account$key } from "./__generated__/Progress_account.graphql";

/** Shows the step to do next. Every mutation that returns the account updates it. */
export function Progress({ account }: { account: Progress_account$key }) {
  const { email, onboarding } = useFragment(
    graphql`
      fragment Progress_account on Account {
        email
        onboarding {
          currentStep
        }
      }
    `,
    account,
  );
  return (
    <p>
      {email}: {onboarding.currentStep ?? "READY"}
    </p>
  );
}
