// What a program does with the vendor's own client, unmodified: each step's answer or refusal, in order, as one JSON array.
import { ManagementClient } from "auth0";

const { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret, PLAIN_DOMAIN } = process.env;
const once = { maxRetries: 0 };
const name = process.argv[2];
const steps = {};

async function step(title, act) {
  try {
    steps[title] = (await act()) ?? null;
  } catch (refused) {
    steps[title] = { refused: refused.constructor.name, statusCode: refused.statusCode, body: refused.body };
  }
  return steps[title];
}

async function all(pager) {
  const items = [];
  for await (const item of await pager) items.push(item);
  return items;
}

const auth0 = new ManagementClient({ domain, clientId, clientSecret });
const { users, connections, clients, clientGrants, resourceServers } = auth0;

const optional = { authentication_methods: { password: { enabled: true, api_behavior: "optional" } } };
const connection = await step("connection", () => connections.create({ name, strategy: "auth0", options: optional }));
const user = await step("create", () =>
  users.create({ connection: name, email: `Jane@${name}.example.com`, user_id: "conn|a/b+c@x.com", user_metadata: { a: 1, b: 2 } }),
);
await step("get", () => users.get(user.user_id));
await step("update", () => users.update(user.user_id, { user_metadata: { a: null, c: [3] }, blocked: true }));
await step("fields", () => users.get(user.user_id, { fields: "email,blocked", include_fields: true }));
await step("by email", () => users.listUsersByEmail({ email: `jane@${name}.example.com` }));
await step("conflict", () => users.create({ connection: name, email: `jane@${name}.example.com` }, once));
await step("bad request", () => users.create({ connection: name, email: "none" }));
await step("not found", () => users.get("samlp|conn|a b/c@x.com"));

for (const letter of ["d", "b", "a", "c"]) await users.create({ connection: name, email: `${letter}@${name}.example.com` });
const q = `identities.connection:"${name}"`;
await step("first page", async () => (await users.list({ q, per_page: 2, page: 0, include_totals: true, fields: "user_id" })).response);
await step("all pages", () => all(users.list({ q, per_page: 2, sort: "email:1", fields: "email" })));

await step("connections", async () => (await all(connections.list({ take: 1 }))).filter((each) => each.name === name).length);
await step("connection again", () => connections.get(connection.id, { fields: "name" }));
const app = await step("client", () => clients.create({ name, app_type: "non_interactive" }));
const identifier = `https://${name}.example.com/a b?c`;
const api = await step("api", () => resourceServers.create({ identifier, scopes: [{ value: "read:x" }] }));
await step("api by identifier", () => resourceServers.get(identifier));
const grant = await step("grant", () => clientGrants.create({ client_id: app.client_id, audience: identifier, scope: ["read:x"] }));
await step("grants", () => all(clientGrants.list({ client_id: app.client_id })));
await step("grant deleted", () => clientGrants.delete(grant.id));
await step("api deleted", () => resourceServers.delete(api.id));
await step("client deleted", () => clients.delete(app.client_id));

await step("delete", () => users.delete(user.user_id));
await step("delete again", () => users.delete(user.user_id));
await step("deleted", () => users.get(user.user_id));
await step("connection deleted", () => connections.delete(connection.id));

const plainly = (url, init) => fetch(String(url).replace(/^https:/, "http:"), init);
const plain = new ManagementClient({ domain: PLAIN_DOMAIN, clientId, clientSecret, fetch: plainly });
await step("over plain http", () => plain.users.listUsersByEmail({ email: "nobody@example.com" }));
const stranger = new ManagementClient({ domain, token: "no.token.atall" });
await step("no token", () => stranger.users.get("auth0|x"));

console.log(JSON.stringify(steps));
