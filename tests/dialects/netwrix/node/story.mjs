// What a program does with the framework's own client: every step's outcome is told as one JSON object.
import { JsonServiceClient } from "@servicestack/client";

const { BASE_URL, USER_NAME, PASSWORD } = process.env;
const steps = {};

async function tell(step, promise) {
  try {
    steps[step] = (await promise) ?? null;
  } catch (failure) {
    const status = failure.responseStatus;
    if (!status) throw failure;
    steps[step] = { refused: status.errorCode, message: status.message, fields: (status.errors ?? []).map((e) => e.fieldName) };
  }
}

const client = new JsonServiceClient(BASE_URL);
await tell("before", client.get("/users/"));
await tell("wrong password", client.postToUrl("/auth/credentials", { userName: USER_NAME, password: "wrong" }));
await tell("sign-in", client.postToUrl("/auth/credentials", { userName: USER_NAME, password: PASSWORD, rememberMe: true }));
steps.cookies = Object.keys(client.cookies).sort();

const details = { UserName: "ada", FirstName: "Ada", SecondName: "Lovelace, Countess of", Roles: ["user"], Groups: ["North"] };
await tell("add", client.postToUrl("/users/add/", { UserDetails: details, Password: "a good password 1", SkipCheck: false }));
await tell("add again", client.postToUrl("/users/add/", { UserDetails: details, Password: "a good password 1" }));
await tell("details", client.get("/users/ada"));
await tell("details by post", client.postToUrl("/users/ada", {}));
await tell("update", client.postToUrl("/users/update/", { UserDetails: { UserName: "ada", Email: "ada@example.com" } }));
await tell("list", client.get("/users/"));
await tell("reset", client.get("/users/reset/", { UserName: "ada" }));
await tell("preview", client.postToUrl("/users/previewResetPassword/", { UserName: "ada" }));
await tell("apply", client.postToUrl("/users/resetPassword/", { UserName: "ada", PreviewToken: steps.preview.PreviewToken }));
await tell("validate", client.get("/users/validatePassword/", { UserName: "ada", Password: steps.preview.Password }));
await tell("status", client.postToUrl("/users/twoFactorStatus", { UserName: "ada", Password: steps.preview.Password }));
await tell("no code", client.postToUrl("/users/elevateTwoFactorStatus", {}));
await tell("reset2fa", client.postToUrl("/users/reset2fa", { UserName: "ada" }));

const bearer = new JsonServiceClient(BASE_URL);
bearer.bearerToken = (await bearer.postToUrl("/auth/credentials", { userName: "ada", password: steps.preview.Password })).BearerToken;
bearer.cookies = {};
await tell("own", bearer.get("/users/ada"));
await tell("not own", bearer.get("/users/admin"));
await tell("own password", bearer.postToUrl("/users/updatePassword/", { UserName: "ada", CurrentPassword: steps.preview.Password, Password: "one of her own" }));

await tell("delete", client.get("/users/delete/", { UserName: "ada" }));
await tell("delete again", client.get("/users/delete/", { UserName: "ada" }));
await tell("sign-out", client.postToUrl("/auth/logout", {}));
await tell("after", client.get("/users/"));

console.log(JSON.stringify(steps));
