import { useLayoutEffect, useState } from "react";

import { MAIN } from "../layout/content";
import { forget } from "../router";

/**
 * Takes the code of a mail's link out of the address, where the history would keep it, before the page can lead to
 * another one. Returns how many links were followed to this page. Without `take`, the page has no code.
 */
export function useCodeFromLink(take: ((code: string) => void) | undefined): number {
  const [links, setLinks] = useState(0);
  useLayoutEffect(() => {
    if (!take) return;
    const read = () => {
      const code = location.hash.slice(1);
      if (!code || code === MAIN) return;
      take(code);
      forget("hash");
      setLinks((number) => number + 1);
    };
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, [take]);
  return links;
}
