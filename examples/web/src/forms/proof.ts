// Solves the proof of work of a captcha, in a worker of its own.

/** Returns the answer to send. */
export function prove(challenge: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./proof.worker.ts", import.meta.url), { type: "module" });
    const end = () => {
      worker.terminate();
      reject(new Error("No proof was found."));
    };
    signal.addEventListener("abort", end, { once: true });
    worker.onerror = end;
    worker.onmessage = ({ data }: MessageEvent<string>) => {
      worker.terminate();
      resolve(data);
    };
    worker.postMessage(challenge);
  });
}
