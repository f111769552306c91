// better-auth's get-session, on tables of its own in the empty database DATABASE_URL, at PORT.
//
// Its limit of requests is off, like ours, and telemetry too. TOKEN is the token of the session that it stores.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer } from "better-auth/plugins/bearer";
import pg from "pg";

const { DATABASE_URL, PORT, TOKEN } = process.env;
const baseURL = `http://127.0.0.1:${PORT}`;
const options = {
  baseURL,
  secret: "a key of thirty-two bytes or more, of letters",
  database: new pg.Pool({ connectionString: DATABASE_URL, max: 10 }),
  user: { additionalFields: { rfc: { type: "string" }, confirmedAt: { type: "date" } } },
  advanced: { database: { joins: true } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [bearer()],
};

const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
const { internalAdapter } = await auth.$context;
const user = await internalAdapter.createUser({
  email: "ana@example.com",
  emailVerified: true,
  name: "Ana",
  rfc: "EKU9003173C9",
  confirmedAt: new Date(),
});
await internalAdapter.createSession(user.id, false, { token: TOKEN }, true);
createServer(toNodeHandler(auth)).listen(Number(PORT), "127.0.0.1");
