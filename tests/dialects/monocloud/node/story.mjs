// What a program does with the runtime of the vendor's own client: every operation that the named file lists, over TLS as the
// client speaks by itself. Told as JSON: in order, the operation and what the client made of the answer.
import core from "@monocloud/sdk-js-core";
import { readFileSync } from "node:fs";

const { MONOCLOUD_DOMAIN: domain, MONOCLOUD_API_KEY: apiKey } = process.env;
const { operations } = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const word = process.argv[3];
const told = [];

class Management extends core.MonoCloudClientBase {
  async call(operation, { data, params, ...ids } = {}) {
    const { method, path, paged } = operations[operation];
    const url = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(ids[name]));
    try {
      const ask = paged ? this.processPaginatedRequest : this.processRequest;
      const { status, result, pageData } = await ask.call(this, { method, url, data, params });
      told.push({ operation, status, result, page: pageData });
      return result;
    } catch (refused) {
      if (!(refused instanceof core.MonoCloudException)) throw refused;
      told.push({ operation, refused: refused.constructor.name, message: refused.message, response: refused.response, errors: refused.errors });
    }
  }
}

const api = new Management({ domain, apiKey });
const call = (operation, given) => api.call(operation, given);

// ------------------------------------------------------------------------------------------------------------------ users

const claims = { name: "John Doe", given_name: "John", address: { locality: "Leeds" } };
const password = "SuperStrongPass12345!!!";
const { user_id, emails: [email] } = await call("createUser", {
  data: { email: `user@${word}.example.com`, email_verified: true, username: `${word}-doe`, password, is_temporary_password: false, ...claims },
});
const user = { user_id };
for (const letter of ["a", "b", "c"]) await call("createUser", { data: { email: `${letter}@${word}.example.com` } });
await call("getAllUsers", { params: { filter: `@${word}`, page: 2, size: 3, sort: "creation_time:1" } });
await call("getAllUsers", { params: { filter: `${word}-doe` } });
await call("findUserById", user);
await call("disableUser", { ...user, data: { revoke_sessions: true } });
await call("disableUser", user);
await call("enableUser", user);
await call("unblockUser", user);
await call("updateUsername", { ...user, data: { username: word } });
await call("removeUsername", user);
await call("patchClaims", { ...user, data: { given_name: "Jack", nickname: null, address: { locality: "York" } } });
await call("patchPrivateData", { ...user, data: { private_data: { plan: "pro", old: null } } });
await call("getPrivateData", user);
await call("patchPublicData", { ...user, data: { public_data: { theme: "dark", old: null } } });
await call("getPublicData", user);

const { emails } = await call("addEmail", { ...user, data: { email: `second@${word}.example.com`, skip_restriction_checks: false } });
const second = { ...user, identifier_id: emails.find((each) => each.email.startsWith("second@")).id };
await call("verifyEmail", { ...second, data: { expiry: 600 } });
await call("verifyEmail", { ...second, data: {} });
await call("setEmailVerified", second);
await call("setPrimaryEmail", second);
await call("setEmailUnverified", second);
await call("setPrimaryEmail", { ...user, identifier_id: email.id });
await call("removeEmail", second);
const { phone_numbers: [first] } = await call("addPhone", { ...user, data: { phone_number: "+441514960453", is_verified: true } });
const phone = { ...user, identifier_id: first.id };
for (const each of ["setPrimaryPhone", "setPhoneUnverified", "setPhoneVerified", "removePhone"]) await call(each, phone);

await call("changePassword", { ...user, data: { old_password: password, new_password: "Another-Pass-12345", revoke_sessions: true } });
await call("setPassword", { ...user, data: { password, is_temporary_password: false, revoke_sessions: false } });
await call("setPasswordResetRequired", user);
await call("removePasswordResetRequired", user);
await call("resetPassword", { ...user, data: { send_email: false, expiry: 600 } });

// ---------------------------------------------------------- what signing in leaves behind, of which nobody here has anything

const nothing = { ...user, session_id: "96484D319ACC21380CCE026E54807B4D", client_id: "eCOGRJYpnNwwAAuCeReEW", passkey_id: "none" };
const grant = "6cec8047-6149-4d9b-8d99-91c83c22a9dc";
for (const [operation, { method, path, paged }] of Object.entries(operations)) {
  if (!/\/(grants|sessions|passkeys|blocked_ips)/.test(path)) continue;
  if (paged) await call(operation, { ...user, params: { page: 1, size: 10 } });
  else if (method !== "POST") await call(operation, { ...nothing, consent_id: grant, code_id: grant, token_id: grant });
}
await call("unblockIp", { ...user, data: { ip_address: "all" } });
for (const name of ["provider", "authenticator"])
  await call("externalAuthenticatorDisconnect", { ...user, data: { [name]: "google", provider_user_id: "79a500f9" } });

// ----------------------------------------------------------------------------------------------------- groups and options

const group = await call("createGroup", { data: { name: `Administrators ${word}`, description: "The administrator group" } });
const member = { ...user, group_id: group.group_id };
await call("assignUserToGroup", member);
await call("getAllUserGroups", { ...user, params: { page: 1, size: 10, sort: "creation_time:-1" } });
await call("findUserGroup", member);
await call("getAllGroupAssignedUsers", { ...member, params: { filter: "user@", sort: "last_updated:-1" } });
await call("getAllGroups", { params: { page: 1, size: 10 } });
await call("findGroupById", member);
await call("patchGroup", { ...member, data: { name: `Renamed ${word}`, is_auto_assigned: true } });
await call("removeUserFromGroup", member);
await call("deleteGroup", member);
await call("patchAuthenticationOptions", { data: { identifiers: { username: { minimum_length: 3 } } } });
await call("findAuthenticationOptions");
const field = { enabled: true, required: false, claim_name: "team", value_type: "string", label: "Your team" };
await call("createSignUpCustomField", { data: field });
await call("getAllSignUpCustomFields");
await call("findSignUpCustomField", { claim_name: "team" });
await call("patchSignUpCustomField", { claim_name: "team", data: { label: "Which team" } });
await call("deleteSignUpCustomField", { claim_name: "team" });

// --------------------------------------------------------------------------------------------------------------- refusals

await call("getAllUsers", { params: { page: 0 } });
await call("createUser", { data: { email: `USER@${word}.example.com` } });
await call("createUser", { data: { email: "no address", email_verified: "yes" } });
await call("setPassword", { ...user, data: { password: "short" } });
await call("findUserById", { user_id: "a/b c?+é" });
await new Management({ domain, apiKey: "wrong" }).call("findUserById", user);
await call("removePassword", user);
await call("deleteUser", user);
await call("deleteUser", user);

console.log(JSON.stringify(told));
