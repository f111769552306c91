import { useSyncExternalStore, type ComponentProps, type MouseEvent } from "react";

const listeners = new Set<() => void>();

/** Goes to a path of this app. The scroll position of the page that is left is the browser's. */
export function navigate(path: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  if (!replace) scrollTo(0, 0);
  for (const listener of [...listeners]) listener();
}

/** Replaces the path without its fragment or query, once these have been read. */
export function forget(part: "hash" | "search"): void {
  const url = new URL(location.href);
  url[part] = "";
  history.replaceState(null, "", url);
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function Link({ href, ...anchor }: ComponentProps<"a"> & { href: string }) {
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    navigate(href);
  };
  return <a {...anchor} href={href} onClick={onClick} />;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}
