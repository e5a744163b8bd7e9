// Passkeys (Web Authentication Level 3). Forms marked `data-passkey` hold the options as JSON; the browser's answer goes into their
// field `credential`, and the form is posted like any other. Without this script, or without passkeys, they stay hidden.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  const request = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: known(options.allowCredentials),
  });
  const creation = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: known(options.excludeCredentials),
  });

  const answer = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: text(given.clientDataJSON) };
    if (given.attestationObject) {
      response.attestationObject = text(given.attestationObject);
      response.transports = given.getTransports ? given.getTransports() : [];
    } else {
      response.authenticatorData = text(given.authenticatorData);
      response.signature = text(given.signature);
      if (given.userHandle) response.userHandle = text(given.userHandle);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });
  };

  // The prompt below an input (autofill) waits until the person asks for another one: there can be one at a time.
  let waiting = null;

  const send = (form, credential) => {
    form.elements.credential.value = answer(credential);
    form.submit();
  };

  const prompt = async (form) => {
    const options = JSON.parse(form.dataset.options);
    if (waiting) waiting.abort();
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: creation(options) })
      : navigator.credentials.get({ publicKey: request(options) });
  };

  const offer = async (form) => {
    const conditional = PublicKeyCredential.isConditionalMediationAvailable;
    if (!conditional || !(await conditional.call(PublicKeyCredential))) return;
    waiting = new AbortController();
    const publicKey = request(JSON.parse(form.dataset.options));
    send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal }));
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[role=alert]");
    const button = form.querySelector("button");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      button.disabled = true;
      try {
        send(form, await prompt(form));
      } catch (refused) {
        problem.hidden = false;
        button.disabled = false;
      }
    });
    if ("autofill" in form.dataset) offer(form).catch(() => {});
  }
})();
