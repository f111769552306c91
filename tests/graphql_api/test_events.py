"""The feed of events, over the API: pages, types, cursors, and who may read it."""

from datetime import timedelta
from typing import Any

import pytest

from models.account import Account
from models.event import Event
from models.event_feed import EventFeed
from services.access.clients import Scope
from services.cleanup import Cleanup, Retention
from services.common.clock import utc_now
from services.events.facts import AccountField, Details, EventType
from services.events.publishing import publish
from tests.actors import OPERATOR
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL
from tests.stored_accounts import store_account


@pytest.fixture
async def backend(api: Api) -> Api:
    """A client that may read events."""
    return api.signed_in(await api.api_client(Scope.EVENTS_READ))


async def _follow(backend: Api, **variables: Any) -> tuple[list[str], dict[str, Any]]:
    """The types of a page, and where it is."""
    page = await backend.run("Events", variables)
    assert page["__typename"] == "EventConnection", page
    return [edge["node"]["type"] for edge in page["edges"]], page["pageInfo"]


async def _some_events(api: Api) -> Account:
    """Five of one account: confirmed, company, two series, and one of them deleted."""
    await api.account()
    me = api.signed_in(await api.token())
    await me.act("ConfigureCompany", **COMPANY)
    _, second = [(await me.act("CreateSeries", name=name))["series"]["id"] for name in "AB"]
    await me.act("DeleteSeries", id=second)
    return await Account.get()


SOME = ["ACCOUNT_CONFIRMED", "ACCOUNT_UPDATED", "SERIES_CREATED", "SERIES_CREATED", "SERIES_DELETED"]
NOTHING = {
    "changed": None,
    "activeUntil": None,
    "seriesId": None,
    "requestId": None,
    "invoiceUuid": None,
    "stampsLeft": None,
}


async def test_a_client_reads_what_happened_page_by_page(api: Api, backend: Api) -> None:
    account = await _some_events(api)

    cursor, nodes = None, list[Any]()
    while True:
        page = await backend.run("Events", {"after": cursor, "first": 2})
        nodes += [edge["node"] for edge in page["edges"]]
        info, edges = page["pageInfo"], page["edges"]
        assert (info["startCursor"], info["hasPreviousPage"]) == (edges[0]["cursor"], False)
        assert info["endCursor"] == edges[-1]["cursor"]
        cursor = info["endCursor"]
        if not info["hasNextPage"]:
            break

    assert [node["type"] for node in nodes] == SOME
    assert {node["accountId"] for node in nodes} == {str(account.id)}
    stored = await Event.all().order_by("id")
    assert [node["id"] for node in nodes] == [str(event.event_id) for event in stored]
    assert nodes[1] == {**NOTHING, **_common(nodes[1]), "changed": ["COMPANY"]}
    assert nodes[4] == {**NOTHING, **_common(nodes[4]), "seriesId": nodes[3]["seriesId"]}


def _common(node: dict[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in ("id", "type", "occurredAt", "accountId")}


async def test_every_field_of_an_event_is_answered(backend: Api) -> None:
    account = await store_account()
    now = utc_now().replace(microsecond=0)
    details = Details(
        changed=tuple(AccountField),
        active_until=now,
        series_id=account.id,
        request_id="pedido 7 «ñ» 😀",
        invoice_uuid=account.id,
        stamps_left=0,
    )
    await publish(account.id, EventType.STAMPS_LOW, details)

    (edge,) = (await backend.run("Events"))["edges"]

    assert edge["node"] == {
        **_common(edge["node"]),
        "changed": ["EMAIL", "RFC", "COMPANY", "LANGUAGE"],
        "activeUntil": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "seriesId": str(account.id),
        "requestId": "pedido 7 «ñ» 😀",
        "invoiceUuid": str(account.id),
        "stampsLeft": 0,
    }


async def test_parts_of_an_account_that_a_later_release_knows_are_passed_over(backend: Api) -> None:
    account = await store_account()
    for changed in (("rfc", "phone"), ("phone",)):
        await publish(account.id, EventType.ACCOUNT_UPDATED, Details(changed=changed))

    edges = (await backend.run("Events"))["edges"]

    assert [edge["node"]["changed"] for edge in edges] == [["RFC"], []]


async def test_only_the_types_that_were_asked_for_are_listed(api: Api, backend: Api) -> None:
    await _some_events(api)

    types, info = await _follow(backend, types=["SERIES_DELETED", "ACCOUNT_UPDATED"])
    none, end = await _follow(backend, types=["STAMPS_LOW"])

    assert (types, info["hasNextPage"]) == (["ACCOUNT_UPDATED", "SERIES_DELETED"], False)
    assert (none, end["startCursor"], end["endCursor"]) == ([], None, info["endCursor"])
    assert await _follow(backend, after=end["endCursor"]) == ([], end)


async def test_a_cursor_follows_what_happens_next(api: Api, backend: Api) -> None:
    await _some_events(api)
    _, info = await _follow(backend)
    await api.composition.deletion.delete(OPERATOR, EMAIL)

    types, _ = await _follow(backend, after=info["endCursor"])

    assert types == ["ACCOUNT_DELETED"]


async def test_a_cursor_before_what_is_kept_is_answered_and_not_passed_over(api: Api, backend: Api) -> None:
    await _some_events(api)
    _, early = await _follow(backend, first=1)
    _, late = await _follow(backend)
    await Cleanup(Retention(events=timedelta())).clean_up()
    await api.register(email="ivo@example.com")
    await api.act("ConfirmAccount", code=await api.mailed_code())

    expired = await backend.run("Events", {"after": early["endCursor"]}, {"accept-language": "en"})

    assert expired["__typename"] == "CursorExpiredError"
    assert expired["message"].startswith("The events after this cursor are no longer kept.")
    assert (await _follow(backend, after=late["endCursor"]))[0] == ["ACCOUNT_CONFIRMED"]
    assert (await _follow(backend))[0] == ["ACCOUNT_CONFIRMED"]


async def test_a_cursor_from_after_a_restored_backup_is_answered(api: Api, backend: Api) -> None:
    await _some_events(api)
    _, info = await _follow(backend)
    await Event.filter(type="series.deleted").delete()
    await EventFeed.all().update(last_position=4)

    assert (await backend.run("Events", {"after": info["endCursor"]}))["__typename"] == "CursorExpiredError"


@pytest.mark.parametrize(
    ("variables", "field", "code"),
    [
        ({"first": 0}, "first", "OUT_OF_RANGE"),
        ({"first": 101}, "first", "OUT_OF_RANGE"),
        ({"first": -(2**31)}, "first", "OUT_OF_RANGE"),
        ({"types": []}, "types", "MISSING"),
        *(({"after": after}, "after", "MALFORMED") for after in ("", "1", "x" * 5000, "\0", "é", "ZQ", "1 OR 1")),
    ],
)
async def test_wrong_arguments_are_named(backend: Api, variables: dict[str, Any], field: str, code: str) -> None:
    refused = await backend.run("Events", variables)

    assert refused["__typename"] == "InvalidInputError"
    assert [(each["field"], each["code"]) for each in refused["fields"]] == [(field, code)]


async def test_nobody_else_reads_events(api: Api) -> None:
    await _some_events(api)
    person = api.signed_in(await api.token())
    other_scopes = api.signed_in(await api.api_client(Scope.ACCOUNTS_READ, Scope.INVOICES_WRITE))
    forged = api.signed_in("tac_" + "x" * 42)

    for stranger in (api, person, other_scopes, forged):
        refused = await stranger.run("Events")
        assert (refused["__typename"], refused["scope"]) == ("NotAuthorizedError", "events:read")
    assert (await person.run("Events", {"after": "wrong", "first": 0}))["__typename"] == "NotAuthorizedError"


async def test_reading_events_is_limited_by_client(make_api: MakeApi) -> None:
    api = await make_api(limit_api_client="2/hour")
    backend = api.signed_in(await api.api_client(Scope.EVENTS_READ))
    other = api.signed_in(await api.api_client(Scope.EVENTS_READ, name="other"))

    answers = [(await backend.run("Events"))["__typename"] for _ in range(3)]

    assert answers == ["EventConnection", "EventConnection", "TooManyAttemptsError"]
    assert (await other.run("Events"))["__typename"] == "EventConnection"
