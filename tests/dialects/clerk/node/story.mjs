// What a program does with the vendor's JavaScript client of one generation: every call that is served. What went over the
// wire is told as JSON: rows of method, path, status, content type and body.
import assert from "node:assert/strict";
import { Blob } from "node:buffer";
import { randomUUID } from "node:crypto";

const { CLERK_SECRET_KEY: secretKey, CLERK_API_URL: apiUrl } = process.env;
const exchanges = [];
const ask = globalThis.fetch;
globalThis.fetch = async (url, init) => {
  const answer = await ask(url, init);
  const text = await answer.clone().text();
  const path = new URL(url).pathname.replace(/^\/v1/, "");
  exchanges.push([init?.method ?? "GET", path, answer.status, answer.headers.get("content-type"), JSON.parse(text)]);
  return answer;
};
const { createClerkClient, verifyToken } = await import(process.argv[2]);

const clerk = createClerkClient({ secretKey, apiUrl, telemetry: { disabled: true } });
const { users, organizations, phoneNumbers, emailAddresses, redirectUrls, sessions, invitations } = clerk;
const address = () => `${randomUUID()}@example.com`;
const number = () => `+1555${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
const png = () => new Blob([Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC", "base64")], { type: "image/png" });
const same = assert.deepEqual;

async function refused(promise) {
  const error = await promise.then(() => assert.fail("nothing was refused"), (thrown) => thrown);
  assert.equal(error.constructor.name.replace(/^_/, ""), "ClerkAPIResponseError", String(error));
  assert.match(error.clerkTraceId, /^[0-9a-f]{32}$/);
  const [{ code, message, longMessage, meta }] = error.errors;
  return { status: error.status, code, message, longMessage, paramName: meta?.paramName };
}

// ------------------------------------------------------------------------------------------------------------------ users

const email = address();
const user = await users.createUser({
  emailAddress: [email],
  password: "hunter22-long",
  skipPasswordChecks: true,
  firstName: "Test",
  publicMetadata: { camelKey: { innerKey: 1 } },
  createdAt: new Date("2023-11-22T22:00:00.000Z"),
  totpSecret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  backupCodes: ["first-code"],
});
same([user.constructor.name.replace(/^_/, ""), user.firstName, user.createdAt], ["User", "Test", Date.UTC(2023, 10, 22, 22)]);
same([user.publicMetadata, user.primaryEmailAddress.emailAddress], [{ camelKey: { innerKey: 1 } }, email]);
same([user.emailAddresses[0].verification.status, user.totpEnabled], ["verified", true]);
same(await users.getUser(user.id), user);
const filters = { emailAddress: [email, "d@e.f"], userId: [`+${user.id}`, "-user_2"], query: email.slice(0, 20) };
same(await users.getUserList({ ...filters, limit: 10, offset: 0, orderBy: "-created_at" }), { data: [user], totalCount: 1 });
assert.equal(await users.getCount({ emailAddress: [email] }), 1);
const changed = await users.updateUser(user.id, { firstName: "J", username: "", publicMetadata: { only: 1 } });
same([changed.firstName, changed.username], ["J", null]);
same((await users.getUser(user.id)).publicMetadata, { only: 1 });
const merged = await users.updateUserMetadata(user.id, { publicMetadata: { only: null, k: { l: 1 } }, unsafeMetadata: { b: 1 } });
same([merged.publicMetadata, merged.unsafeMetadata], [{ k: { l: 1 } }, { b: 1 }]);
assert.equal((await users.banUser(user.id)).banned, true);
assert.equal((await users.unbanUser(user.id)).banned, false);
assert.equal((await users.lockUser(user.id)).locked, true);
assert.equal((await users.unlockUser(user.id)).locked, false);
same(await users.verifyPassword({ userId: user.id, password: "hunter22-long" }), { verified: true });
same(await users.verifyTOTP({ userId: user.id, code: "first-code" }), { verified: true, code_type: "backup_code" });
same(await users.deleteUserBackupCodes(user.id), { user_id: user.id });
same(await users.deleteUserTOTP(user.id), { user_id: user.id });
same(await users.disableUserMFA(user.id), { user_id: user.id });
same(await users.getUserOauthAccessToken(user.id, "google"), { data: [], totalCount: 0 });
assert.equal((await users.updateUserProfileImage(user.id, { file: png() })).hasImage, true);
assert.equal((await users.deleteUserProfileImage(user.id)).hasImage, false);
if (users.replaceUserMetadata) {
  same((await users.replaceUserMetadata(user.id, { publicMetadata: { z: 1 } })).publicMetadata, { z: 1 });
  const [replaced, numbered] = [address(), number()];
  assert.equal((await users.replaceUserEmailAddress(user.id, { emailAddress: replaced })).emailAddress, replaced);
  assert.equal((await users.replaceUserPhoneNumber(user.id, { phoneNumber: numbered })).phoneNumber, numbered);
  assert.equal((await users.setPasswordCompromised(user.id)).id, user.id);
  assert.equal((await users.unsetPasswordCompromised(user.id)).id, user.id);
  assert.equal((await users.removePassword(user.id)).passwordEnabled, false);
}

// -------------------------------------------------------------------------------------------------------------- addresses

const phone = await phoneNumbers.createPhoneNumber({ userId: user.id, phoneNumber: number(), verified: true, primary: false });
same(await phoneNumbers.getPhoneNumber(phone.id), phone);
assert.equal((await phoneNumbers.updatePhoneNumber(phone.id, { verified: true, primary: true })).id, phone.id);
assert.equal((await users.getUser(user.id)).primaryPhoneNumberId, phone.id);
same({ ...(await phoneNumbers.deletePhoneNumber(phone.id)) }, { object: "phone_number", id: phone.id, slug: null, deleted: true });
const second = await emailAddresses.createEmailAddress({ userId: user.id, emailAddress: address(), verified: false });
assert.equal(second.verification, null);
assert.equal((await emailAddresses.updateEmailAddress(second.id, { verified: true, primary: true })).verification.status, "verified");
assert.equal((await emailAddresses.getEmailAddress(second.id)).emailAddress, second.emailAddress);
assert.equal((await emailAddresses.deleteEmailAddress(second.id)).deleted, true);

// ---------------------------------------------------------------------------------------------------------- organizations

const slug = `acme-${randomUUID()}`;
const made = await organizations.createOrganization({ name: "Acme Corp", createdBy: user.id, slug, publicMetadata: { camelKey: 1 } });
const here = { organizationId: made.id };
same([made.constructor.name.replace(/^_/, ""), made.slug, made.publicMetadata], ["Organization", slug, { camelKey: 1 }]);
assert.equal((await organizations.getOrganization({ slug, includeMembersCount: true })).membersCount, 1);
const list = await organizations.getOrganizationList({ includeMembersCount: true, query: slug, orderBy: "-members_count", limit: 10 });
same([list.data.map((each) => each.id), list.totalCount], [[made.id], 1]);
assert.equal((await organizations.updateOrganization(made.id, { name: "New", publicMetadata: { a: 1 } })).name, "New");
same((await organizations.getOrganization(here)).publicMetadata, { a: 1 });
same((await organizations.updateOrganizationMetadata(made.id, { publicMetadata: { b: { c: 1 } } })).publicMetadata, { a: 1, b: { c: 1 } });
if (organizations.replaceOrganizationMetadata)
  same((await organizations.replaceOrganizationMetadata(made.id, { publicMetadata: { z: 1 } })).publicMetadata, { z: 1 });
assert.equal((await organizations.updateOrganizationLogo(made.id, { file: png(), uploaderUserId: user.id })).hasImage, true);
assert.equal((await organizations.deleteOrganizationLogo(made.id)).hasImage, false);

const bob = await users.createUser({ emailAddress: [address()], firstName: "Bob" });
const member = await organizations.createOrganizationMembership({ ...here, userId: bob.id, role: "org:member" });
same([member.role, member.publicUserData.firstName, member.organization.id], ["org:member", "Bob", made.id]);
const members = await organizations.getOrganizationMembershipList({ ...here, query: "bo", role: ["org:member"], userId: [bob.id], limit: 20 });
same([members.data.map((each) => each.id), members.totalCount], [[member.id], 1]);
const ofBob = { ...here, userId: bob.id };
assert.equal((await organizations.updateOrganizationMembership({ ...ofBob, role: "org:admin" })).role, "org:admin");
same((await organizations.updateOrganizationMembershipMetadata({ ...ofBob, publicMetadata: { aB: 1 } })).publicMetadata, { aB: 1 });
assert.equal((await users.getOrganizationMembershipList({ userId: bob.id, limit: 10 })).totalCount, 1);
assert.equal((await organizations.getInstanceOrganizationMembershipList({ limit: 1 })).data.length, 1);
assert.equal((await organizations.deleteOrganizationMembership(ofBob)).id, member.id);

const invited = await organizations.createOrganizationInvitation({ ...here, emailAddress: address(), role: "org:member", inviterUserId: user.id });
assert.equal((await organizations.getOrganizationInvitationList(here)).totalCount, 1);
const ofInvitation = { ...here, invitationId: invited.id };
same(await organizations.getOrganizationInvitation(ofInvitation), invited);
assert.equal((await organizations.revokeOrganizationInvitation({ ...ofInvitation, requestingUserId: user.id })).status, "revoked");
assert.equal((await users.getOrganizationInvitationList({ userId: user.id })).totalCount, 0);
assert.equal((await organizations.deleteOrganization(made.id)).deleted, true);

// ------------------------------------------------------------------------- invitations, redirect URLs, sessions, and keys

const asked = await invitations.createInvitation({ emailAddress: address(), publicMetadata: { a: 1 } });
same((await invitations.getInvitationList({ query: asked.emailAddress })).data.map((each) => each.id), [asked.id]);
assert.equal((await invitations.revokeInvitation(asked.id)).status, "revoked");
const url = await redirectUrls.createRedirectUrl({ url: `my-app://${randomUUID()}` });
same(await redirectUrls.getRedirectUrl(url.id), url);
const urls = await redirectUrls.getRedirectUrlList();
same([urls.data.filter((each) => each.id === url.id), urls.totalCount >= 1], [[url], true]);
assert.equal((await redirectUrls.deleteRedirectUrl(url.id)).deleted, true);
const session = await sessions.createSession({ userId: user.id });
assert.equal((await sessions.getSession(session.id)).userId, user.id);
const active = await sessions.getSessionList({ userId: user.id, status: "active", limit: 10 });
same([active.data.map((each) => each.id), active.totalCount], [[session.id], 1]);
assert.equal((await sessions.revokeSession(session.id)).status, "revoked");
const { keys: [key] } = await clerk.jwks.getJwks();
assert.equal(key.alg, "RS256");

// A token that this server did not sign: the client asks for the keys, finds the one that is named, and checks with it.
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = Math.floor(Date.now() / 1000);
const claims = { sub: user.id, iss: "https://example.com", iat: now, nbf: now, exp: now + 60 };
const forged = `${part({ alg: "RS256", typ: "JWT", kid: key.kid })}.${part(claims)}.${Buffer.alloc(256, 1).toString("base64url")}`;
const unproved = await verifyToken(forged, { secretKey, apiUrl }).then(() => ({}), (thrown) => thrown);
assert.equal(unproved.reason, "token-invalid-signature");

// --------------------------------------------------------------------------------------------------------------- refusals

same(await refused(users.createUser({ emailAddress: [bob.emailAddresses[0].emailAddress.toUpperCase(), address()] })), {
  status: 422,
  code: "form_identifier_exists",
  message: "That email address is taken. Please try another.",
  longMessage: "That email address is taken. Please try another.",
  paramName: "email_address",
});
assert.equal((await users.deleteUser(user.id)).deleted, true);
for (const call of ["getUser", "banUser", "lockUser", "deleteUser", "disableUserMFA"])
  same(await refused(users[call](user.id)), {
    status: 404,
    code: "resource_not_found",
    message: "not found",
    longMessage: `No user was found with id ${user.id}`,
    paramName: undefined,
  });
const stranger = createClerkClient({ secretKey: "sk_test_wrong", apiUrl: `${apiUrl}/`, telemetry: { disabled: true } });
assert.equal((await refused(stranger.users.getCount())).status, 401);

console.log(JSON.stringify(exchanges));
