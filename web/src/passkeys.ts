/**
 * Passkeys and security keys (WebAuthn Level 2) for the sign-in pages.
 * A form says what it wants: data-passkey="create" | "get" | "login". The options stand in a JSON block of the page
 * (data-options = its id), or for "login" come from the form's own address. The answer goes into name="credential".
 */

type Json = { [key: string]: unknown };

function toBytes(text: string): ArrayBuffer {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

function toText(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function descriptors(list: unknown): PublicKeyCredentialDescriptor[] | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.map((each: Json) => ({ ...each, id: toBytes(String(each["id"])) }) as PublicKeyCredentialDescriptor);
}

function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const user = json["user"] as Json;
  return {
    ...json,
    challenge: toBytes(String(json["challenge"])),
    user: { ...user, id: toBytes(String(user["id"])) },
    excludeCredentials: descriptors(json["excludeCredentials"]),
  } as PublicKeyCredentialCreationOptions;
}

function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  return {
    ...json,
    challenge: toBytes(String(json["challenge"])),
    allowCredentials: descriptors(json["allowCredentials"]),
  } as PublicKeyCredentialRequestOptions;
}

function responseJson(response: AuthenticatorResponse): Json {
  const shared = { clientDataJSON: toText(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    return { ...shared, attestationObject: toText(response.attestationObject), transports: response.getTransports?.() ?? [] };
  }
  const assertion = response as AuthenticatorAssertionResponse;
  return {
    ...shared,
    authenticatorData: toText(assertion.authenticatorData),
    signature: toText(assertion.signature),
    userHandle: assertion.userHandle ? toText(assertion.userHandle) : null,
  };
}

function credentialJson(credential: PublicKeyCredential): Json {
  return {
    type: credential.type,
    id: credential.id,
    rawId: toText(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    response: responseJson(credential.response),
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function optionsFor(form: HTMLFormElement): Promise<Json> {
  if (form.dataset["passkey"] === "login") {
    const headers = { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" };
    const answer = await fetch(form.action, { headers, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`passkey options: ${answer.status}`);
    return ((await answer.json()) as Json)["request_options"] as Json;
  }
  const block = document.getElementById(form.dataset["options"] ?? "");
  const data = JSON.parse(block?.textContent ?? "{}") as Json;
  return (data["creation_options"] ?? data["request_options"]) as Json;
}

/** A passkey signs in by itself, so the device must hold it and must check who is there. */
function asPasskey(options: PublicKeyCredentialCreationOptions, wanted: boolean): PublicKeyCredentialCreationOptions {
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: wanted ? "required" : "discouraged",
    requireResidentKey: wanted,
    ...(wanted ? { userVerification: "required" as const } : {}),
  };
  return options;
}

async function ask(form: HTMLFormElement): Promise<Credential | null> {
  const publicKey = (await optionsFor(form))["publicKey"] as Json;
  if (form.dataset["passkey"] !== "create") return navigator.credentials.get({ publicKey: requestOptions(publicKey) });
  const choice = form.querySelector<HTMLInputElement>('input[name="passwordless"]');
  const options = creationOptions(publicKey);
  return navigator.credentials.create({ publicKey: choice ? asPasskey(options, choice.checked) : options });
}

async function run(form: HTMLFormElement): Promise<void> {
  const field = form.querySelector<HTMLInputElement>('input[name="credential"]');
  const problem = form.querySelector<HTMLElement>("[data-passkey-problem]");
  if (problem) problem.hidden = true;
  try {
    const credential = await ask(form);
    if (!field || !(credential instanceof PublicKeyCredential)) throw new Error("no credential");
    field.value = JSON.stringify(credentialJson(credential));
    form.submit();
  } catch (error) {
    // The browser gives the same error for "cancelled", "timed out" and "no such key" on purpose: the person reads
    // one sentence, the console tells an operator which step it was.
    console.warn("passkey:", error);
    if (problem) problem.hidden = false;
  }
}

export function startPasskeys(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    const able = "credentials" in navigator && "PublicKeyCredential" in window;
    form.querySelector<HTMLElement>("[data-passkey-unable]")?.toggleAttribute("hidden", able);
    form.querySelector("[data-passkey-go]")?.toggleAttribute("disabled", !able);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (able) void run(form);
    });
  }
}
