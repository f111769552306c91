// graphql-yoga that answers `me` with our statement on a database of ours.
//
// DATABASE_URL, STATEMENT and PORT are environment variables. Like the limit, it checks only that the session exists.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createSchema, createYoga } from "graphql-yoga";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const schema = createSchema({
  typeDefs: `
    scalar DateTime
    type Account { id: ID! email: String! rfc: String! confirmedAt: DateTime! }
    type Query { me: Account }
  `,
  resolvers: {
    Account: { id: (row) => row.account_id, confirmedAt: (row) => row.confirmed_at },
    Query: { me: (_root, _arguments, { request }) => findAccount(request.headers.get("authorization")) },
  },
});

async function findAccount(authorization) {
  const token = authorization?.replace("Bearer ", "") ?? "";
  const digest = createHash("sha256").update(token).digest("hex");
  const { rows } = await pool.query({ name: "session", text: process.env.STATEMENT, values: [digest] });
  return rows[0];
}

const yoga = createYoga({ schema, logging: false, graphiql: false, landingPage: false });
createServer(yoga).listen(Number(process.env.PORT), "127.0.0.1");
