// What a program does with the framework's own client: every operation, by each of its verbs. A GET carries nested members
// as JSV in the query, a POST carries JSON. Told as JSON: every step's outcome, and what was asked and answered.
import { JSV, JsonServiceClient } from "@servicestack/client";
import { createHmac } from "node:crypto";

const { BASE_URL, USER_NAME, PASSWORD } = process.env;
const word = process.argv[2];
const steps = {};
const asked = [];

const ask = globalThis.fetch;
globalThis.fetch = async (request, init) => {
  const answer = await ask(request, init);
  const { method, url } = request instanceof Request ? request : { method: init?.method ?? "GET", url: String(request) };
  asked.push([method, url.slice(BASE_URL.length).replace(/\?.*/, ""), answer.status]);
  return answer;
};

async function tell(step, promise) {
  try {
    steps[step] = (await promise) ?? null;
  } catch (failure) {
    const status = failure.responseStatus;
    if (!status) throw failure;
    steps[step] = { refused: status.errorCode, message: status.message, fields: (status.errors ?? []).map((e) => e.fieldName) };
  }
  return steps[step];
}

const jsv = (request) =>
  Object.fromEntries(Object.entries(request).map(([name, value]) => [name, typeof value === "object" ? JSV.stringify(value) : value]));
const VERBS = {
  GET: [`bob-${word}`, (client, path, request) => client.get(path, jsv(request))],
  POST: [`ada-${word}`, (client, path, request) => client.postToUrl(path, request)],
};

// The code of an authenticator app (RFC 6238) with this secret, now.
function code(secret) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  return String((digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function signedIn(UserName, password) {
  const client = new JsonServiceClient(BASE_URL);
  await client.postToUrl("/auth/credentials", { userName: UserName, password });
  return client;
}

const client = new JsonServiceClient(BASE_URL);
await tell("before", client.get("/users/"));
await tell("wrong password", client.postToUrl("/auth/credentials", { userName: USER_NAME, password: "wrong" }));
await tell("sign-in", client.postToUrl("/auth/credentials", { userName: USER_NAME, password: PASSWORD, rememberMe: true }));
steps.cookies = Object.keys(client.cookies).sort();

for (const [verb, [UserName, call]] of Object.entries(VERBS)) {
  const details = { UserName, FirstName: "Ada", SecondName: "Lovelace, \"Countess\" of {North}", Roles: ["user"], Groups: ["North, upper"] };
  const step = (name, path, request, by = client) => tell(`${name} by ${verb}`, call(by, path, request));
  const added = { UserDetails: details, Password: "a good password 1" };
  await step("add", "/users/add/", { ...added, SkipCheck: false });
  await step("add again", "/users/add/", added);
  await step("details", `/users/${UserName}`, {});
  await step("update", "/users/update/", { UserDetails: { UserName, Email: `${UserName}@example.com` } });
  await step("list", "/users/", {});
  await step("reset", "/users/reset/", { UserName });
  const preview = await tell(`preview by ${verb}`, client.postToUrl("/users/previewResetPassword/", { UserName }));
  await step("apply", "/users/resetPassword/", { UserName, PreviewToken: preview.PreviewToken });
  await step("validate", "/users/validatePassword/", { UserName, Password: preview.Password });
  await step("reset2fa", "/users/reset2fa/", { UserName });
  const own = await signedIn(UserName, preview.Password);
  await step("own password", "/users/updatePassword/", { UserName, CurrentPassword: preview.Password, Password: "one of her own" }, own);
  await step("not own", "/users/admin", {}, own);
}

const ada = { UserName: `ada-${word}`, Password: "one of her own" };
const bearer = new JsonServiceClient(BASE_URL);
bearer.bearerToken = (await bearer.postToUrl("/auth/credentials", { userName: ada.UserName, password: ada.Password })).BearerToken;
bearer.cookies = {};
await tell("own by bearer token", bearer.get(`/users/${ada.UserName}`));
await tell("no code", bearer.postToUrl("/users/elevateTwoFactorStatus", {}));
await client.postToUrl("/users/update/", { UserDetails: { UserName: ada.UserName, TwoFactorRequired: true } });
const pending = await tell("status", client.postToUrl("/users/twoFactorStatus", ada));
const half = await signedIn(ada.UserName, ada.Password);
await tell("half signed in", half.get(`/users/${ada.UserName}`));
await tell("wrong code", half.postToUrl("/users/elevateTwoFactorStatus", { OneTimePassword: "wrong" }));
await tell("elevated", half.postToUrl("/users/elevateTwoFactorStatus", { OneTimePassword: code(pending.SetupCode) }));
await tell("registered", client.postToUrl("/users/twoFactorStatus", ada));

for (const [verb, [UserName, call]] of Object.entries(VERBS)) {
  await tell(`delete by ${verb}`, call(client, "/users/delete/", { UserName }));
  await tell(`delete again by ${verb}`, call(client, "/users/delete/", { UserName }));
}
await tell("sign-out", client.postToUrl("/auth/logout", {}));
await tell("after", client.get("/users/"));

console.log(JSON.stringify({ steps, asked }));
