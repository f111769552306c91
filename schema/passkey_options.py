"""How the options of passkeys are described."""

REQUEST_OPTIONS = (
    "PublicKeyCredentialRequestOptionsJSON (WebAuthn level 3) as text: for parseRequestOptionsFromJSON and Android's "
    "GetPublicKeyCredentialOption."
)
EXPIRES_AT = "Until when an answer counts, once: after five minutes, begin again."
