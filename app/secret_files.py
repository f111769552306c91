"""Reads secrets from files: NAME_FILE is the path of a file that holds the setting NAME, as Docker mounts secrets."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

SUFFIX = "_file"
_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class UnreadableSecret:
    """Stands for a secret that cannot be read. The sentence says why, and repeats neither the path nor the content."""

    sentence: str


class SecretFiles(PydanticBaseSettingsSource):
    """Finds the names of files in `variables`, whose names are in lower case. It must come before their own source."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._variables = variables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = self._variables.get(field_name + SUFFIX) if is_secret(field) else None
        if not path:
            return None, field_name, False
        name = f"{field_name}{SUFFIX}".upper()
        if self._variables.get(field_name):
            both = f"{field_name.upper()} and {name} are both set; remove one"
            return UnreadableSecret(both), field_name, False
        return _read(path, name), field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def secret_names(settings_cls: type[BaseSettings]) -> Iterator[str]:
    """Yields the names of the settings that may be in files."""
    return (name for name, field in settings_cls.model_fields.items() if is_secret(field))


def is_secret(field: FieldInfo) -> bool:
    return _mentions_secret(field.annotation)


def _mentions_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(map(_mentions_secret, get_args(annotation)))


def _read(path: str, name: str) -> str | UnreadableSecret:
    """Returns the text without the line break at its end, which most editors add."""
    try:
        with open(path.strip(), "rb", opener=_open) as file:  # Path.open takes no opener
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return UnreadableSecret(f"{name} must be a regular file")
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is not possible"
        return UnreadableSecret(f"{name} cannot be read: {reason}")
    if len(content) > _MAX_BYTES:
        return UnreadableSecret(f"{name} must have at most {_MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return UnreadableSecret(f"{name} cannot be read: it is not UTF-8")
    return text if text.strip() else UnreadableSecret(f"{name} is empty")


def _open(path: str, flags: int) -> int:
    """Opens a named pipe without waiting for somebody who writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)
