// Placeholders such as <series.id> in variables, and the answers that they are filled in from.

const PLACEHOLDER = /^<(\w+\.\w+)>$/;
const remembered = new Map();

/** Remembers the ids in an answer by the name of the field that the object is in: the last one counts. */
export function remember(value, field = "") {
  if (Array.isArray(value)) {
    for (const item of value) remember(item, field);
  } else if (value && typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) {
      if (/id$/i.test(name) && typeof inner === "string") remembered.set(`${field}.${name}`, inner);
      else remember(inner, name);
    }
  }
}

/** Returns the variables without the placeholders for which there is a value. */
export async function fillIn(value) {
  if (Array.isArray(value)) return Promise.all(value.map(fillIn));
  if (value && typeof value === "object") {
    const fields = Object.entries(value).map(async ([name, inner]) => [name, await fillIn(inner)]);
    return Object.fromEntries(await Promise.all(fields));
  }
  const name = typeof value === "string" ? value.match(PLACEHOLDER)?.[1] : undefined;
  if (name === "mail.code") return (await lastCode()) ?? value;
  return remembered.get(name) ?? value;
}

async function lastCode() {
  const response = await fetch("/mail.json");
  if (!response.ok) return null;
  return (await response.json()).flatMap(({ codes }) => codes)[0];
}
