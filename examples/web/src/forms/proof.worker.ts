/** ALTCHA's challenge: derive keys from the nonce and 0, 1, 2 … until one begins with the prefix. */
interface Puzzle {
  nonce: string;
  salt: string;
  cost: number;
  keyLength: number;
  keyPrefix: string;
}

const PARALLEL = 8; // derivations, which run in the browser's own threads

onmessage = async ({ data }: MessageEvent<string>) => {
  const challenge = JSON.parse(data) as { parameters: Puzzle };
  const solution = await solve(challenge.parameters);
  postMessage(btoa(JSON.stringify({ challenge, solution })));
};

// A promise that fails is not an error of the worker until it is made one.
onunhandledrejection = ({ reason }: PromiseRejectionEvent) => {
  setTimeout(() => {
    throw reason;
  });
};

async function solve(parameters: Puzzle) {
  for (let first = 0; ; first += PARALLEL) {
    const counters = Array.from({ length: PARALLEL }, (_, index) => first + index);
    const keys = await Promise.all(counters.map((counter) => derive(parameters, counter)));
    const found = keys.findIndex((key) => key.startsWith(parameters.keyPrefix));
    if (found >= 0) return { counter: first + found, derivedKey: keys[found] };
  }
}

async function derive({ nonce, salt, cost, keyLength }: Puzzle, counter: number): Promise<string> {
  const password = new Uint8Array(nonce.length / 2 + 4);
  password.set(bytesOf(nonce));
  new DataView(password.buffer).setUint32(nonce.length / 2, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: bytesOf(salt), iterations: cost };
  return hexOf(new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, keyLength * 8)));
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export {};
