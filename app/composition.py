"""Settings → services: the one place that knows which implementation stands behind which port."""

from pathlib import Path

from app.settings import Settings
from schema.context import Services
from services.language import Texts
from services.validation.password import PasswordPolicy

ROOT = Path(__file__).parent.parent


def compose(settings: Settings) -> Services:
    return Services(
        texts=Texts(ROOT / "locales"),
        password_policy=PasswordPolicy(settings.password_minimum_length),
    )
