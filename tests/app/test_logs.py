"""What the log looks like, and what is kept out of it whatever a message says."""

import contextlib
import io
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from app.logs import changed, configure_logs, log_request, running
from app.observation import FinishedRequest
from app.version import version
from tests.api import PRODUCTION, GivenSettings

REQUEST = FinishedRequest(
    id="7f0c2d2e",
    method="POST",
    kind="graphql",
    status=200,
    seconds=0.0012,
    client="0123456789ab",
    account=None,
    session=None,
    operation="Me",
    digest="0123456789abcdef",
    outcomes={"me": "Account"},
    code=None,
    failure=None,
)


@pytest.fixture(params=[True, False], ids=["JSON", "readable"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What is logged as in production, or as in development."""
    configuration, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    error = io.StringIO()
    with contextlib.redirect_stderr(error):
        configure_logs("info", as_json=request.param)
    try:
        yield error
    finally:
        configure_logs("info", as_json=False)
        structlog.configure(**configuration)
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


def test_no_address_is_in_a_line_whoever_wrote_it(written: io.StringIO) -> None:
    log = structlog.get_logger("test")
    quotes = ["550 <ana@example.com>: no", "Key (email_key)=(ana@example.com) exists", "/mail/1-ana@example.com.eml"]
    quotes += ["smtp://ana:hunter2@smtp.example.mx:25", "josé.ñandú+a@correo.example.mx,ana@b"]
    for quote in quotes:
        log.warning("mail refused", reply=quote)
        logging.getLogger("library").warning(quote)
        try:
            raise ValueError(quote)
        except ValueError:
            log.exception("a sender failed")

    lines = written.getvalue()
    assert lines.count("mail refused") == len(quotes)
    assert "Traceback" in lines
    assert "@" not in lines
    assert not re.search(r"ana\b(?!:)|andú|hunter2|example\.com|correo", lines)


def test_a_long_line_is_cleaned_in_linear_time(written: io.StringIO) -> None:
    log = structlog.get_logger("test")
    begun = time.process_time()

    for text in ("a" * 1_000_000 + " @", "@" * 1_000_000, "a@" * 500_000, "a " * 500_000 + "@"):
        log.warning("long", text=text)

    assert time.process_time() - begun < 10
    assert written.getvalue()


def test_the_first_line_has_the_settings_that_are_not_the_default_and_no_secret(written: io.StringIO) -> None:
    given: dict[str, Any] = dict(
        PRODUCTION,
        smtp_url="smtp://ana:hunter2@127.0.0.1",
        redis_url="redis://:hunter2@127.0.0.1:6379",
        mail_from="ana@example.com",
        secret_keys_also_accepted=("a second key of thirty-two bytes", "and a third key of thirty-two bytes"),
        workers=2,
        allowed_hosts=("api.example.mx", "b.example.mx"),
    )
    settings = GivenSettings(**given)

    with running("serve", settings):
        pass

    started, stopped = written.getvalue().splitlines()
    assert changed(settings) == {
        "ENVIRONMENT": "production",
        "WORKERS": "2",
        "SECRET_KEY": "set",
        "SECRET_KEYS_ALSO_ACCEPTED": "set, set",
        "NAMING_KEY": "set",
        "REDIS_URL": "set",
        "SMTP_URL": "set",
        "MAIL_FROM": "ana@example.com",
        "SITE_URL": "https://app.example.com",
        "ALLOWED_HOSTS": "api.example.mx, b.example.mx",
        "WEB_APP_DIR": "no app",
    }
    assert version() in started
    assert "api.example.mx" in started
    assert "stopped" in stopped
    assert not re.search("hunter2|key of thirty|@", started + stopped)


@pytest.mark.parametrize("written", [True], indirect=True, ids=["JSON"])
def test_production_writes_an_object_a_line(written: io.StringIO) -> None:
    structlog.get_logger("test").info("one", text='"\n\x1b[31m')
    logging.getLogger("library").warning("two\nthree")

    lines = written.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["one", "two\nthree"]


@pytest.mark.parametrize("written", [True], indirect=True, ids=["JSON"])
def test_the_line_of_a_request_has_what_any_other_line_has(written: io.StringIO) -> None:
    structlog.get_logger("test").warning("another")
    log_request(REQUEST)
    log_request(REQUEST._replace(status=503, failure="\ud800"))
    logging.root.setLevel(logging.WARNING)
    log_request(REQUEST)

    another, request, failed = (json.loads(line) for line in written.getvalue().splitlines())
    assert another.keys() <= request.keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", request["timestamp"])
    assert (request["event"], request["level"], request["logger"]) == ("request", "info", "app.logs")
    assert (request["request"], request["status"], request["ms"]) == ("7f0c2d2e", 200, 1.2)
    assert (failed["level"], failed["failure"]) == ("warning", "\ud800")
