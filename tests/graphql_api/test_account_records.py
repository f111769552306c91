"""Back ends look up accounts and read all of them, page by page."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.account import Account
from models.series import Series
from services.access.clients import Scope
from services.common.clock import utc_now
from services.common.pages import CursorFormat
from tests.api import Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL, OTHER_RFC, RFC
from tests.statements import statements_run
from tests.stored_accounts import store_account, store_company
from tests.stores import ON_SQLITE

_START = datetime(2026, 11, 26, 12, tzinfo=UTC)
_NOT_AUTHORIZED = {
    "__typename": "NotAuthorizedError",
    "message": "Esto requiere el secreto de un cliente de la API con el permiso accounts:read.",
    "scope": "accounts:read",
}


@pytest.fixture
async def back_end(api: Api) -> Api:
    return api.signed_in(await api.api_client(Scope.ACCOUNTS_READ))


async def _account(back_end: Api, **by: str) -> Any:
    return await back_end.run("Account", {"by": by})


async def _pages(back_end: Api, **arguments: Any) -> AsyncIterator[Any]:
    after = None
    while True:
        page = await back_end.run("Accounts", {**arguments, "after": after})
        assert page["__typename"] == "AccountRecordConnection", page
        yield page
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


async def _ids(back_end: Api, **arguments: Any) -> list[str]:
    return [edge["node"]["id"] async for page in _pages(back_end, **arguments) for edge in page["edges"]]


async def _store(count: int, *, apart: timedelta = timedelta(seconds=1)) -> list[str]:
    """The ids of new accounts, in the order of their last update."""
    accounts = [
        await store_account(f"ana{number}@example.com", updated_at=_START + number * apart) for number in range(count)
    ]
    return [str(each.id) for each in sorted(accounts, key=lambda account: (account.updated_at, account.id))]


async def test_an_account_is_found_by_id_rfc_and_email(api: Api, back_end: Api) -> None:
    before = utc_now()
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)
    await me.act("CreateSeries", name="A")
    own = await me.run("Company")

    found = await _account(back_end, id=own["id"])

    stored = await Account.get()
    assert stored.updated_at
    assert before <= stored.updated_at <= utc_now()
    assert found == {
        "__typename": "AccountRecord",
        "id": own["id"],
        "email": EMAIL,
        "rfc": RFC,
        "taxpayerType": "PERSONA_MORAL",
        "language": "ES",
        "createdAt": _text(stored.created_at),
        "confirmedAt": _text(stored.confirmed_at),
        "updatedAt": _text(stored.updated_at),
        "onboarding": {
            "currentStep": "SELECT_PAYMENT_METHOD",
            "completedSteps": ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT", "CONFIGURE_COMPANY"],
        },
        "activation": None,
        "company": own["company"],
    }
    for by in ({"rfc": f" {RFC.lower()} "}, {"email": EMAIL.upper()}, {"id": own["id"].upper()}):
        assert await _account(back_end, **by) == found


async def test_an_activation_is_shown_and_whether_it_counts_now(back_end: Api) -> None:
    until = utc_now() + timedelta(days=3)
    paid: dict[str, Any] = {"active_since": _START, "activated_by": "paypal", "active_plan": "negocio"}
    active = await store_account(stage="active", active_until=until, **paid)
    ended = _START - timedelta(days=1)
    lapsed = await store_account("eva@example.com", stage="active", active_until=ended, **paid)

    activations = [(await _account(back_end, id=str(each.id)))["activation"] for each in (active, lapsed)]

    assert [(each["active"], each["planId"], each["method"]) for each in activations] == [
        (True, "negocio", "PAYPAL"),
        (False, "negocio", "PAYPAL"),
    ]
    assert activations[0]["until"] == _text(until)


async def test_a_company_of_another_type_of_taxpayer_is_not_shown(back_end: Api) -> None:
    account = await store_account(company_outdated=True)
    await store_company(account)

    assert (await _account(back_end, id=str(account.id)))["company"] is None
    [edge] = (await back_end.run("Accounts"))["edges"]
    assert edge["node"]["company"] is None


@pytest.mark.parametrize(
    "by",
    [
        {"id": "7fffffff-ffff-4fff-bfff-ffffffffffff"},
        {"id": ""},
        {"id": "\0"},
        {"id": "x" * 10_000},
        {"rfc": OTHER_RFC},
        {"rfc": "XAXX010101000"},
        {"rfc": "'; DROP TABLE account; --"},
        {"rfc": "ñ" * 5_000},
        {"email": "nobody@example.com"},
        {"email": ""},
        {"email": "ana@example.com\0"},
        {"email": "a" * 10_000 + "@example.com"},
    ],
    ids=lambda by: "".join(f"{name} {value[:12]!r}" for name, value in by.items()),
)
async def test_what_no_account_has_is_not_found(back_end: Api, by: dict[str, str]) -> None:
    await store_account()

    found = await _account(back_end, **by)

    assert found["__typename"] == "AccountNotFoundError"
    assert found["message"] == "Ninguna cuenta tiene este id, RFC o correo."


async def test_a_registration_is_not_an_account(api: Api, back_end: Api) -> None:
    await api.register()

    for by in ({"rfc": RFC}, {"email": EMAIL}):
        assert (await _account(back_end, **by))["__typename"] == "AccountNotFoundError"
    assert await _ids(back_end) == []


async def test_an_rfc_of_several_accounts_is_answered_with_their_ids(back_end: Api) -> None:
    younger = await store_account("eva@example.com", created_at=_START)
    older = await store_account("ana@example.com", created_at=_START - timedelta(days=1))

    found = await _account(back_end, rfc=RFC)

    assert found["__typename"] == "RfcNotUniqueError"
    assert found["ids"] == [str(older.id), str(younger.id)]


@ON_SQLITE
@pytest.mark.parametrize(
    "by", [{}, {"id": "a", "rfc": RFC}, {"id": None}, {"id": None, "rfc": RFC}, {"name": "ana"}, {"id": ["a"]}]
)
async def test_exactly_one_key_is_given(back_end: Api, by: dict[str, Any]) -> None:
    response = await back_end.send("Account", {"by": by})

    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_REQUEST"}


@ON_SQLITE
@pytest.mark.parametrize("by", ["{}", '{id: "a", email: "b", rfc: null}', "{rfc: null}"])
async def test_exactly_one_key_is_given_in_a_document_too(back_end: Api, by: str) -> None:
    body = {"query": f"{{ account(by: {by}) {{ __typename }} }}"}

    response = await back_end.http.post("/graphql", json=body, headers=back_end.headers)

    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["VALIDATION_FAILED"]


@ON_SQLITE
async def test_a_variable_within_the_key_must_have_a_value(back_end: Api) -> None:
    body = {"query": "query Q($id: ID) { account(by: {id: $id}) { __typename } }", "variables": {"id": None}}

    response = await back_end.http.post("/graphql", json=body, headers=back_end.headers)

    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["VALIDATION_FAILED"]


async def test_pages_hold_every_account_once_in_the_order_of_updates(back_end: Api) -> None:
    expected = await _store(7)

    for first in (1, 2, 3, 7, 8, 100):
        assert await _ids(back_end, first=first) == expected
    sizes = [len(page["edges"]) async for page in _pages(back_end, first=3)]
    assert sizes == [3, 3, 1]


async def test_accounts_of_the_same_moment_are_each_listed_once(back_end: Api) -> None:
    expected = await _store(7, apart=timedelta())

    assert await _ids(back_end, first=2) == expected


async def test_a_page_says_where_it_is(back_end: Api) -> None:
    await _store(3)

    pages = [page async for page in _pages(back_end, first=2)]

    assert [page["pageInfo"] for page in pages] == [
        {
            "hasNextPage": page is not pages[-1],
            "hasPreviousPage": False,
            "startCursor": page["edges"][0]["cursor"],
            "endCursor": page["edges"][-1]["cursor"],
        }
        for page in pages
    ]
    empty = await back_end.run("Accounts", {"after": pages[-1]["pageInfo"]["endCursor"]})
    nowhere = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert (empty["edges"], empty["pageInfo"]) == ([], nowhere)


async def test_an_account_that_changes_while_pages_are_read_comes_again(back_end: Api) -> None:
    ids = await _store(4)
    pages = _pages(back_end, first=2)

    seen = [edge["node"]["id"] for edge in (await anext(pages))["edges"]]
    await Account.filter(id=ids[0]).update(updated_at=_START + timedelta(hours=1))
    seen += [edge["node"]["id"] async for page in pages for edge in page["edges"]]

    assert seen == [*ids, ids[0]]


async def test_updated_since_leaves_out_what_did_not_change(back_end: Api) -> None:
    ids = await _store(4)
    await Account.filter(id=ids[3]).update(updated_at=_START + timedelta(seconds=2, microseconds=1))

    assert await _ids(back_end, updatedSince="2026-11-26T12:00:02Z", first=1) == ids[2:]
    assert await _ids(back_end, updatedSince="2026-11-26T06:00:02.000001-06:00") == ids[3:]
    assert await _ids(back_end, updatedSince="0001-01-01T00:00:00Z") == ids
    assert await _ids(back_end, updatedSince="9999-12-31T23:59:59.999999Z") == []


async def test_updated_since_counts_even_after_an_earlier_cursor(back_end: Api) -> None:
    ids = await _store(4)
    cursor = (await back_end.run("Accounts", {"first": 1}))["pageInfo"]["endCursor"]

    later = await back_end.run("Accounts", {"after": cursor, "updatedSince": "2026-11-26T12:00:03Z"})

    assert [edge["node"]["id"] for edge in later["edges"]] == ids[3:]


@ON_SQLITE
@pytest.mark.parametrize(
    "moment",
    [
        *("", "2026-11-26", "2026-11-26T12:00:00", "2026-13-26T12:00:00Z", "2026-11-26T25:00:00Z", "now", "\0"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "٢٠٢٦-11-26T12:00:00Z", "1" * 10_000, 0, True),
    ],
)
async def test_a_moment_that_is_none_is_refused_by_its_type(back_end: Api, moment: object) -> None:
    response = await back_end.send("Accounts", {"updatedSince": moment})

    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert len(str(error)) < 500


@ON_SQLITE
async def test_the_size_of_a_page_has_bounds(back_end: Api) -> None:
    for first in (0, -1, 101, 2**31 - 1, -(2**31)):
        answer = await back_end.run("Accounts", {"first": first})

        assert answer["__typename"] == "InvalidInputError"
        assert [(each["field"], each["code"]) for each in answer["fields"]] == [("first", "OUT_OF_RANGE")]
        assert answer["fields"][0]["message"] == "El tamaño de página va de 1 a 100."


_OTHER_LIST = CursorFormat(b"e", ">q16s").write(0, bytes(16))
_HOSTILE = [
    *("", " ", "a", "\0", "x" * 34, "=" * 34, "é" * 34, "a" * 15_000, "null", "' OR 1=1 --", _OTHER_LIST),
    CursorFormat(b"a", ">q16s").write(-1, bytes(16)),
    CursorFormat(b"a", ">q16s").write(2**63 - 1, bytes(16)),
    CursorFormat(b"a", ">q").write(0),
]


@pytest.mark.parametrize("cursor", _HOSTILE, ids=lambda cursor: repr(cursor[:40]))
async def test_a_cursor_that_is_none_of_the_list_is_refused(back_end: Api, cursor: str) -> None:
    answer = await back_end.run("Accounts", {"after": cursor})

    assert answer["__typename"] == "InvalidInputError"
    assert [(each["field"], each["code"]) for each in answer["fields"]] == [("after", "MALFORMED")]
    assert answer["fields"][0]["message"] == "Este cursor no es de esta lista. Empieza de nuevo sin él."


@ON_SQLITE
async def test_a_cursor_with_any_character_changed_is_another_place_or_refused(back_end: Api) -> None:
    await _store(2)
    cursor = (await back_end.run("Accounts", {"first": 1}))["pageInfo"]["endCursor"]

    for place in range(len(cursor)):
        for other in ("A", "_", "+", "~"):
            answer = await back_end.run("Accounts", {"after": cursor[:place] + other + cursor[place + 1 :]})
            assert answer["__typename"] in {"AccountRecordConnection", "InvalidInputError"}


async def test_every_wrong_argument_is_named_at_once(back_end: Api) -> None:
    answer = await back_end.run("Accounts", {"after": "x", "first": 0})

    assert [each["field"] for each in answer["fields"]] == ["after", "first"]


async def test_an_account_of_an_earlier_version_is_found_and_not_yet_listed(back_end: Api) -> None:
    account = await store_account(updated_at=None)

    found = await _account(back_end, id=str(account.id))

    assert found["updatedAt"] == found["confirmedAt"]
    assert await _ids(back_end) == []


async def test_a_page_takes_as_many_statements_as_one_account(api: Api, back_end: Api) -> None:
    async def statements(first: int) -> int:
        await api.forget_limits()
        with statements_run() as run:
            page = await back_end.run("Accounts", {"first": first})
        nodes = [edge["node"] for edge in page["edges"]]
        assert len(nodes) == first
        assert all([series["name"] for series in node["company"]["series"]] == ["A", "B"] for node in nodes)
        assert {node["company"]["legalName"] for node in nodes} == {f"ANA {node['email']}" for node in nodes}
        return len([each for each in run if "account" in each.text])

    for number in range(100):
        account = await store_account(f"ana{number}@example.com", updated_at=_START)
        await store_company(account, legal_name=f"ANA {account.email}")
        await Series.bulk_create(_series(account.id, name, place) for place, name in enumerate("AB"))
    await statements(1)  # which writes the secret's last use

    assert [await statements(first) for first in (1, 2, 100)] == [3, 3, 3]


async def test_companies_and_series_are_read_only_if_selected(api: Api, back_end: Api) -> None:
    await _store(3)
    query = "{ accounts { ... on AccountRecordConnection { edges { node { id } } } } }"

    with statements_run() as run:
        response = await api.http.post("/graphql", json={"query": query}, headers=back_end.headers)

    assert len(response.json()["data"]["accounts"]["edges"]) == 3
    assert [each for each in run if "series" in each.text or "company WHERE" in each.text] == []


@ON_SQLITE
async def test_a_document_has_one_page(api: Api, back_end: Api) -> None:
    page = "accounts { ... on AccountRecordConnection { edges { node { id } } } }"

    response = await api.http.post("/graphql", json={"query": f"{{ a: {page} b: {page} }}"}, headers=back_end.headers)

    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "TOO_COMPLEX"
    assert error["message"] == "The document is too complex: it has more than 1 page of a connection."


async def test_nobody_without_the_scope_learns_anything(api: Api) -> None:
    account = await store_account()
    await api.account(email="eva@example.com", rfc=OTHER_RFC)
    strangers = [
        api,
        api.signed_in(await api.token("eva@example.com")),
        api.signed_in(await api.api_client(Scope.INVOICES_WRITE, Scope.EVENTS_READ)),
        api.signed_in("tac_" + "0" * 42),
    ]

    for each in strangers:
        for by in ({"id": str(account.id)}, {"id": "x"}, {"rfc": RFC}, {"email": "eva@example.com"}):
            assert await _account(each, **by) == _NOT_AUTHORIZED
        for arguments in ({}, {"after": "x"}, {"first": 0}):
            assert await each.run("Accounts", arguments) == _NOT_AUTHORIZED


async def test_looking_accounts_up_counts_towards_the_limit_of_the_client(make_api: MakeApi) -> None:
    api = await make_api(limit_api_client="3/hour")
    back_end = api.signed_in(await api.api_client())
    query = "{ a: account(by: {id: 1}) { __typename } b: account(by: {id: 2}) { __typename } }"

    response = await api.http.post("/graphql", json={"query": query}, headers=back_end.headers)
    third = await back_end.run("Accounts")
    fourth = await _account(back_end, id="x")

    assert {each["__typename"] for each in response.json()["data"].values()} == {"AccountNotFoundError"}
    assert third["__typename"] == "AccountRecordConnection"
    assert fourth["__typename"] == "TooManyAttemptsError"
    assert 0 < fourth["retryAfterSeconds"] <= 3_600


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _series(account_id: UUID, name: str, place: int) -> Series:
    return Series(
        id=uuid4(),
        account_id=account_id,
        name=name,
        first_folio=1,
        last_taken=0,
        created_at=_START + timedelta(seconds=place),
    )
