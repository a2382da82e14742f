"""An authenticator in software: what a phone does when it enrols a passkey and signs in with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HOST = "testserver"
PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Key:
    """A private key and the handle of its owner."""

    owner: str = ""
    id: bytes = b"key of the test, sixteen or more"
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def data(self, flags: int) -> AuthenticatorData:
        public = ES256.from_cryptography_key(self.private.public_key())  # type: ignore[no-untyped-call]
        known = AttestedCredentialData.create(Aaguid.NONE, self.id, public) if flags & HAS_KEY else b""
        about = AuthenticatorData.FLAG(flags)
        made: AuthenticatorData = AuthenticatorData.create(sha256(HOST.encode()).digest(), about, 0, known)
        return made


def enrol(client: Client) -> Key:
    """Follow the page that adds a passkey."""
    options = client.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]["publicKey"]
    key = Key(owner=options["user"]["id"])
    made = AttestationObject.create("none", key.data(PRESENT | VERIFIED | HAS_KEY), {})
    credential = {
        **_named(key),
        "response": {
            "clientDataJSON": _encoded(_client_data("webauthn.create", options["challenge"])),
            "attestationObject": websafe_encode(made),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    added = client.post(
        reverse("mfa_add_webauthn"),
        {"name": "手机", "passwordless": "on", "credential": json.dumps(credential)},
    )
    assert added.status_code == 302, added.content.decode()
    return key


def answer(client: Client, key: Key, *, verified: bool = True) -> str:
    """Ask for a challenge and sign it."""
    asked = client.get(reverse("mfa_login_webauthn"), HTTP_ACCEPT="application/json").json()
    said = _client_data("webauthn.get", asked["request_options"]["publicKey"]["challenge"])
    data = key.data(PRESENT | (VERIFIED if verified else 0))
    signature = key.private.sign(data + said.hash, ec.ECDSA(hashes.SHA256()))
    credential = {
        **_named(key),
        "response": {
            "clientDataJSON": _encoded(said),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": key.owner,
        },
        "clientExtensionResults": {},
    }
    return json.dumps(credential)


def post(client: Client, credential: str) -> Any:
    return client.post(reverse("mfa_login_webauthn"), {"credential": credential})


def sign_in(client: Client, key: Key, *, verified: bool = True) -> Any:
    return post(client, answer(client, key, verified=verified))


def _named(key: Key) -> dict[str, str]:
    name = websafe_encode(key.id)
    return {"id": name, "rawId": name, "type": "public-key", "authenticatorAttachment": "platform"}


def _client_data(kind: str, challenge: str) -> CollectedClientData:
    return CollectedClientData.create(kind, challenge, f"https://{HOST}")


def _encoded(data: bytes) -> str:
    return websafe_encode(data)
