"""The links to a built app, which nobody has to set in development."""

from pathlib import Path

import pytest

from app.commands.serve import introduce
from app.development.app_links import lead_to_built_app
from app.settings import Environment, Settings


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "index.html").touch()
    return tmp_path


def test_mails_and_paypal_lead_to_the_built_app(dist: Path) -> None:
    settings = lead_to_built_app(Settings(_env_file=None, port=8123, web_app_dir=dist))

    assert settings.site_url == "http://127.0.0.1:8123"
    assert settings.confirm_url == "http://127.0.0.1:8123/confirmar#{code}"
    assert settings.confirm_email_url == "http://127.0.0.1:8123/confirmar-correo#{code}"
    assert settings.revert_email_url == "http://127.0.0.1:8123/restaurar-correo#{code}"
    assert settings.recover_url == "http://127.0.0.1:8123/entrar"
    assert settings.paypal_return_url == "http://127.0.0.1:8123/pago/paypal"
    assert settings.paypal_cancel_url == "http://127.0.0.1:8123/pago"


def test_a_url_that_is_set_stays(dist: Path) -> None:
    settings = lead_to_built_app(Settings(_env_file=None, recover_url="http://localhost:5173/x", web_app_dir=dist))

    assert settings.recover_url == "http://localhost:5173/x"


def test_another_app_keeps_its_links(dist: Path) -> None:
    settings = Settings(_env_file=None, site_url="http://localhost:5173", web_app_dir=dist)

    assert lead_to_built_app(settings) is settings


def test_production_has_no_built_app(dist: Path) -> None:
    settings = Settings.model_construct(environment=Environment.PRODUCTION, web_app_dir=dist)

    assert lead_to_built_app(settings) is settings


def test_without_a_built_app_nothing_changes(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, web_app_dir=tmp_path)

    assert lead_to_built_app(settings) is settings


def test_the_start_says_where_the_app_is_and_that_production_needs_an_address(
    dist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    introduce(Settings(_env_file=None, web_app_dir=dist), "http://127.0.0.1:8123")

    printed = capsys.readouterr().out
    assert "App         http://127.0.0.1:8123/\n" in printed
    assert "SITE_URL (https)" in printed
