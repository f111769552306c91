import type { ComponentType } from "react";
import { NetworkError } from "timbrado-accounts-client";

import { useTexts } from "../texts";
import { useQuery } from "../useQuery";
import { Failure, Waiting } from "./Loaded";
import { Page } from "./Page";

/** Returns a screen whose script is loaded once it is shown. */
export function lazily(load: () => Promise<ComponentType>): ComponentType {
  const ask = () =>
    load().catch((cause: unknown) => {
      throw new NetworkError("The script of the page did not load.", { cause });
    });
  return function Lazy() {
    const { siteName } = useTexts();
    const { data, error } = useQuery(async () => ({ Screen: await ask() }));
    // A new release may have replaced the script: its name is in the page.
    if (error !== undefined) {
      return (
        <Page title={siteName}>
          <Failure error={error} retry={() => location.reload()} />
        </Page>
      );
    }
    return data ? <data.Screen /> : <Waiting />;
  };
}
