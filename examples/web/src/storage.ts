// What this app keeps in the browser; as long as the page is open, where the browser allows or holds no more.

class KeptTexts {
  private readonly memory = new Map<string, string>();
  private readonly storage: Storage | undefined;

  constructor(open: () => Storage) {
    try {
      this.storage = open();
    } catch {
      // The person's settings forbid it.
    }
  }

  get(key: string): string | null {
    return this.memory.get(key) ?? this.storage?.getItem(key) ?? null;
  }

  set(key: string, text: string): void {
    this.remove(key);
    try {
      if (this.storage) return this.storage.setItem(key, text);
    } catch {
      // It is full.
    }
    this.memory.set(key, text);
  }

  remove(key: string): void {
    this.memory.delete(key);
    this.storage?.removeItem(key);
  }

  keys(): string[] {
    return [...this.memory.keys(), ...Object.keys(this.storage ?? {})];
  }
}

/** Until the tab is closed. */
export const tab = new KeptTexts(() => sessionStorage);

/** For the next visits, too. */
export const device = new KeptTexts(() => localStorage);
