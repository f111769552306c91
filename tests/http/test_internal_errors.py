"""What a client learns of a failure of ours."""

import pytest
from structlog.testing import capture_logs

from models.account import Account
from tests.api import EMAIL, PASSWORD, Api


async def test_a_bug_puts_a_reference_into_the_response_and_its_cause_into_the_log(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())
    await Account.all().update(language="xx")

    with capture_logs() as logs:
        response = await session.send("Me")

    (entry,) = [entry for entry in logs if entry["event"] == "unexpected error"]
    (error,) = response.json()["errors"]
    assert isinstance(entry["exc_info"], ValueError)
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL", "reference": entry["reference"]}
    assert "xx" not in response.text


async def test_a_request_is_ended_at_its_deadline(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.account()
    monkeypatch.setattr("app.execution.DEADLINE", 0)

    response = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}})

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["UNAVAILABLE"]
    assert "data" not in response.json()
