"""What a client learns of a failure of ours."""

import pytest
from structlog.testing import capture_logs

from models.account import Account
from tests.api import Api
from tests.forms import EMAIL, PASSWORD


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
    assert error["extensions"] == {"code": "INTERNAL", "reference": entry["request"]}
    assert response.headers["x-request-id"] == entry["request"]
    assert "xx" not in response.text


NEW, LEGACY = "application/graphql-response+json", "application/json"


async def test_a_failure_of_the_whole_operation_is_a_500_in_the_newer_media_type(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())
    await Account.all().update(language="xx")
    login = {"input": {"email": EMAIL, "password": PASSWORD}}

    answers = [
        await session.send(operation, variables, {"accept": media_type})
        for operation, variables in (("Me", None), ("Login", login))
        for media_type in (NEW, LEGACY)
    ]

    assert [response.status_code for response in answers] == [500, 200] * 2
    assert [list(response.json()) for response in answers] == [["errors"]] * 4
    assert {error["extensions"]["code"] for response in answers for error in response.json()["errors"]} == {"INTERNAL"}


async def test_partial_data_is_a_200(api: Api) -> None:
    """The draft of GraphQL over HTTP forbids any other status but 2xx for a response with data."""
    await api.account()
    session = api.signed_in(await api.token())
    await Account.all().update(language="xx")
    query = "{ me { id } passwordPolicy { minimumLength } }"

    response = await session.http.post("/graphql", json={"query": query}, headers={**session.headers, "accept": NEW})

    assert response.status_code == 200
    assert response.json()["data"] == {"me": None, "passwordPolicy": {"minimumLength": 8}}
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["INTERNAL"]


async def test_a_request_is_ended_at_its_deadline(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.account()
    monkeypatch.setattr("app.execution.DEADLINE", 0)

    response = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}})

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["UNAVAILABLE"]
    assert "data" not in response.json()
