// Passkeys: a form with [data-passkey] asks the browser for one before it is sent.
(() => {
  const options = async ({ action, dataset }) => {
    if (dataset.options) return JSON.parse(dataset.options);
    const answer = await fetch(action, { headers: { Accept: "application/json" } });
    return (await answer.json()).request_options;
  };
  const credential = async (form) => {
    const { publicKey } = await options(form);
    if (form.dataset.passkey === "use") {
      return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    }
    if (form.elements.passwordless.checked) {
      Object.assign(publicKey.authenticatorSelection, {
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      });
    }
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-passkey]")) return;
    event.preventDefault();
    const failed = form.querySelector("[role=alert]");
    failed.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await credential(form));
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
})();
