"""The apps and pages that may use the site's passkeys, and the files by which systems and browsers know them."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.public_json import PublicJson

_ANDROID = re.compile(r"([a-zA-Z]\w*(?:\.[a-zA-Z]\w*)+)/((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})", re.ASCII)
_APPLE = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_RELATIONS = ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"]


@dataclass(frozen=True, slots=True)
class AndroidApp:
    """`fingerprint` is the SHA-256 of the certificate that signs it, as keytool prints it."""

    package: str
    fingerprint: str

    @classmethod
    def parse(cls, text: str) -> "AndroidApp":
        match = _ANDROID.fullmatch(text)
        if match is None:
            raise ValueError("must be apps such as com.example.app/14:6D:E9:…: a package, and a SHA-256 in 32 pairs")
        return cls(match[1], match[2].upper())

    @property
    def origin(self) -> str:
        """What the app's passkeys answer as their origin."""
        digest = bytes.fromhex(self.fingerprint.replace(":", ""))
        return f"android:apk-key-hash:{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def parse_apple_app(text: str) -> str:
    if not _APPLE.fullmatch(text):
        raise ValueError("must be apps such as A1B2C3D4E5.com.example.app: a team and a bundle")
    return text


def well_known_files(
    origins: Sequence[str], android_apps: Sequence[AndroidApp], apple_apps: Sequence[str]
) -> dict[str, PublicJson]:
    """Returns the files to serve, by path; none for what is empty."""
    return dict(_files(origins, android_apps, apple_apps))


def _files(
    origins: Sequence[str], android_apps: Sequence[AndroidApp], apple_apps: Sequence[str]
) -> Iterator[tuple[str, PublicJson]]:
    if origins:
        yield "/.well-known/webauthn", PublicJson({"origins": list(origins)})
    if android_apps:
        links = [
            {
                "relation": _RELATIONS,
                "target": {
                    "namespace": "android_app",
                    "package_name": app.package,
                    "sha256_cert_fingerprints": [app.fingerprint],
                },
            }
            for app in android_apps
        ]
        yield "/.well-known/assetlinks.json", PublicJson(links)
    if apple_apps:
        yield "/.well-known/apple-app-site-association", PublicJson({"webcredentials": {"apps": list(apple_apps)}})
