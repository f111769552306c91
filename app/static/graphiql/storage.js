// What GraphiQL keeps over a reload: the tabs as they were typed, and its settings. Answers, headers and the history
// stay in memory, since they contain tokens.

const IN_MEMORY = /headers$|queries$|favorites$/i;
const OPERATIONS = "graphiql-operations";

/** The part of the Web Storage API that GraphiQL uses. */
class Storage {
  #memory = new Map();

  get length() {
    return localStorage.length;
  }

  getItem(key) {
    return IN_MEMORY.test(key) ? (this.#memory.get(key) ?? null) : localStorage.getItem(key);
  }

  setItem(key, value) {
    IN_MEMORY.test(key) ? this.#memory.set(key, value) : localStorage.setItem(key, value);
  }

  removeItem(key) {
    this.#memory.delete(key);
    localStorage.removeItem(key);
  }

  clear() {
    this.#memory.clear();
    forget();
  }
}

export const storage = new Storage();

/** Forgets what was typed. */
function forget() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith("graphiql:"));
  for (const key of [...keys, OPERATIONS]) localStorage.removeItem(key);
}

export function restoreTabs() {
  forget();
  location.reload();
}

/** Returns the tabs of the operations, in JSON. Forgets what was typed if the operations are others than last time. */
export function tabsOf(operations) {
  if (localStorage.getItem(OPERATIONS) !== operations) {
    forget();
    localStorage.setItem(OPERATIONS, operations);
  }
  return JSON.parse(operations).map(({ query, variables }) => ({
    query,
    variables: variables && JSON.stringify(variables, null, 2),
  }));
}
