// Runs every audit against the endpoint at the given URL. Prints a line for each missed audit, and the totals.

import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.argv[2] });
let missed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== "ok") {
    missed += 1;
    console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
  }
}
console.log(`${audits.length} audits, ${missed} missed`);
process.exitCode = missed ? 1 : 0;
