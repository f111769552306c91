"""API clients reserve, confirm and release invoices; people see what is left, and cannot do it themselves."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from models.account import Account
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.series import Series
from services.access.clients import Scope
from services.common.clock import utc_now
from tests.api import Api
from tests.companies import configured, created
from tests.invoices import paid
from tests.statements import statements_run

LONG = "x" * 10_000
ODD = ("", "no UUID", "\0", "\ud800", "𝟙" * 36, LONG, "{0}", "-1", "00000000-0000-0000-0000-00000000000g")


class Shop:
    """An active account with a series, as a person and as the product's back end see it."""

    def __init__(self, person: Api, client: Api, account: Account, series: str) -> None:
        self.person = person
        self.client = client
        self.account = account
        self.series = series

    async def reserve(self, request_id: str | None = None, **changes: Any) -> Any:
        form = {"accountId": str(self.account.id), "seriesId": self.series, "requestId": request_id or str(uuid4())}
        return await self.client.act("ReserveInvoice", **{**form, **changes})

    async def reserved(self, request_id: str | None = None) -> Any:
        answer = await self.reserve(request_id)
        assert answer["__typename"] == "ReserveInvoiceSuccess", answer
        return answer["reservation"]

    async def confirm(self, request_id: str, uuid: str | None = None) -> Any:
        return await self.client.act("ConfirmInvoice", requestId=request_id, uuid=uuid or str(uuid4()))

    async def release(self, request_id: str) -> Any:
        return await self.client.act("ReleaseInvoice", requestId=request_id)


@pytest.fixture
async def shop(api: Api) -> Shop:
    person = await configured(api)
    series = await created(person, name="A", firstFolio="7", lastFolio="9")
    account = await Account.get(id=(await person.run("Me"))["id"])
    await paid(account, utc_now() - timedelta(days=1), stamps=500)
    return Shop(person, api.signed_in(await api.api_client()), account, series["id"])


async def test_a_reservation_has_a_folio_and_a_stamp(shop: Shop) -> None:
    request = str(uuid4())

    answer = await shop.reserve(request)

    reservation = answer.pop("reservation")
    assert answer == {
        "__typename": "ReserveInvoiceSuccess",
        "message": "El folio 7 y un timbre están reservados para tu factura. Timbres que te quedan: 499.",
        "series": "A",
        "folio": "7",
        "stampsLeft": 499,
    }
    assert reservation.pop("id")
    assert reservation.pop("reservedAt")
    assert reservation == {
        "requestId": request,
        "accountId": str(shop.account.id),
        "seriesId": shop.series,
        "series": "A",
        "folio": "7",
        "status": "RESERVED",
        "uuid": None,
        "folioSkipped": False,
        "confirmedAt": None,
        "releasedAt": None,
    }


async def test_a_repeated_request_gets_the_same_answer(shop: Shop) -> None:
    request = str(uuid4())
    first = await shop.reserve(request)
    await shop.reserve()

    again = await shop.reserve(f" {request.upper()} ")

    assert again == first


async def test_confirming_is_repeatable_and_final(shop: Shop) -> None:
    request, uuid = (await shop.reserved())["requestId"], str(uuid4())

    first, again = await shop.confirm(request, uuid.upper()), await shop.confirm(request, uuid)
    other, released = await shop.confirm(request), await shop.release(request)

    assert again == first
    assert first["__typename"] == "ConfirmInvoiceSuccess"
    assert (first["reservation"]["status"], first["reservation"]["uuid"]) == ("CONFIRMED", uuid)
    assert first["reservation"]["confirmedAt"]
    assert other["__typename"] == released["__typename"] == "InvoiceAlreadyConfirmedError"
    assert uuid in other["message"]


async def test_releasing_is_repeatable_and_final(shop: Shop) -> None:
    request = (await shop.reserved())["requestId"]
    await shop.reserve()

    first, again = await shop.release(request), await shop.release(request)
    confirmed = await shop.confirm(request)

    assert again == first
    assert first["__typename"] == "ReleaseInvoiceSuccess"
    assert (first["reservation"]["status"], first["reservation"]["folioSkipped"]) == ("RELEASED", True)
    assert confirmed["__typename"] == "InvoiceAlreadyReleasedError"
    (series,) = (await shop.person.run("Company"))["company"]["series"]
    assert (series["nextFolio"], series["skippedFolios"]) == ("9", ["7"])


async def test_the_last_folio_returns(shop: Shop) -> None:
    released = await shop.release((await shop.reserved())["requestId"])

    (series,) = (await shop.person.run("Company"))["company"]["series"]
    assert released["reservation"]["folioSkipped"] is False
    assert (series["nextFolio"], series["skippedFolios"]) == ("7", [])


async def test_each_refusal_of_a_reservation_has_its_type(shop: Shop) -> None:
    request = (await shop.reserved())["requestId"]
    other = str((await created(shop.person, name="B"))["id"])
    refused = {
        "unknown account": await shop.reserve(accountId=str(uuid4())),
        "unknown series": await shop.reserve(seriesId=str(uuid4())),
        "other series": await shop.reserve(request, seriesId=other),
    }
    await shop.reserve()
    await shop.reserve()
    refused["exhausted"] = await shop.reserve()
    await Payment.all().update(stamps=3)
    refused["no stamps"] = await shop.reserve()
    await Account.all().update(company_outdated=True)
    refused["no company"] = await shop.reserve()
    await Account.all().update(active_until=utc_now())
    refused["not active"] = await shop.reserve()

    assert {what: answer["__typename"] for what, answer in refused.items()} == {
        "unknown account": "AccountNotFoundError",
        "unknown series": "SeriesNotFoundError",
        "other series": "RequestIdReusedError",
        "exhausted": "SeriesExhaustedError",
        "no stamps": "NoStampsLeftError",
        "no company": "CompanyNotConfiguredError",
        "not active": "AccountNotActiveError",
    }
    assert all(answer["message"] for answer in refused.values())
    assert await InvoiceReservation.all().count() == 3


async def test_a_uuid_is_of_one_invoice(shop: Shop) -> None:
    uuid = str(uuid4())
    await shop.confirm((await shop.reserved())["requestId"], uuid)

    refused = await shop.confirm((await shop.reserved())["requestId"], uuid)

    assert refused["__typename"] == "UuidInUseError"


async def test_what_is_not_reserved_is_not_found(shop: Shop) -> None:
    request = str(uuid4())

    answers = [
        await shop.confirm(request),
        await shop.release(request),
        (await shop.client.run("Invoice", {"requestId": request})),
    ]

    assert {answer["__typename"] for answer in answers} == {"ReservationNotFoundError"}


async def test_a_lost_answer_is_found_again(shop: Shop) -> None:
    reservation = await shop.reserved()

    found = await shop.client.run("Invoice", {"requestId": reservation["requestId"]})

    assert found == {"__typename": "InvoiceReservation", **reservation}


async def test_whatever_is_typed_gets_a_typed_answer(shop: Shop) -> None:
    request = (await shop.reserved())["requestId"]
    for odd in ODD[:3] + ODD[4:]:  # a lone surrogate is refused before it is JSON
        answers = {
            "account": await shop.reserve(accountId=odd),
            "series": await shop.reserve(seriesId=odd),
            "request": await shop.reserve(odd or " "),
            "confirm": await shop.confirm(odd),
            "uuid": await shop.confirm(request, odd or " "),
            "release": await shop.release(odd),
            "invoice": await shop.client.run("Invoice", {"requestId": odd}),
            "open": await shop.client.run("OpenReservations", {"after": odd}),
        }

        assert {what: answer["__typename"] for what, answer in answers.items()} == {
            "account": "AccountNotFoundError",
            "series": "SeriesNotFoundError",
            "request": "InvalidInputError",
            "confirm": "ReservationNotFoundError",
            "uuid": "InvalidInputError",
            "release": "ReservationNotFoundError",
            "invoice": "ReservationNotFoundError",
            "open": "InvalidInputError",
        }, odd
        fields = [answers[what]["fields"] for what in ("request", "uuid", "open")]
        assert [(each["field"], each["code"]) for (each,) in fields] == [
            ("requestId", "MALFORMED"),
            ("uuid", "MALFORMED"),
            ("after", "MALFORMED"),
        ]
    assert await InvoiceReservation.all().count() == 1


async def test_open_reservations_come_in_pages_and_only_the_clients_own(shop: Shop) -> None:
    taken = [await shop.reserved() for _ in range(3)]
    long_ago = utc_now() - timedelta(hours=30)
    for number, each in enumerate(taken):
        then = long_ago + timedelta(minutes=number)
        await InvoiceReservation.filter(id=each["id"]).update(reserved_at=then, open_since=then)
    await Series.all().update(last_folio=None)
    fresh = await shop.reserved()
    await shop.confirm((await shop.reserved())["requestId"])
    other = shop.client.signed_in(await shop.client.api_client(name="other"))

    first = await shop.client.run("OpenReservations", {"first": 2})
    cursor = first["pageInfo"]["endCursor"]
    second = await shop.client.run("OpenReservations", {"first": 2, "after": cursor})
    everything = await shop.client.run("OpenReservations", {"olderThanHours": 0})
    of_other = await other.run("OpenReservations", {"olderThanHours": 0})

    assert [edge["node"]["folio"] for edge in first["edges"]] == ["7", "8"]
    assert [edge["node"]["folio"] for edge in second["edges"]] == ["9"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [edge["node"]["id"] for edge in everything["edges"]] == [*(each["id"] for each in taken), fresh["id"]]
    assert of_other["edges"] == []


async def test_a_page_has_bounds(shop: Shop) -> None:
    variables: list[dict[str, Any]] = [{"first": 0}, {"first": 101}, {"olderThanHours": -1}, {"olderThanHours": 10**6}]

    answers = [await shop.client.run("OpenReservations", each) for each in variables]

    fields = ["first", "first", "olderThanHours", "olderThanHours"]
    assert [(each["field"], each["code"]) for answer in answers for each in answer["fields"]] == [
        (field, "OUT_OF_RANGE") for field in fields
    ]


async def test_a_person_and_a_client_without_the_scope_may_do_nothing(shop: Shop) -> None:
    reader = shop.client.signed_in(await shop.client.api_client(Scope.ACCOUNTS_READ, name="reader"))
    reservation = await shop.reserved()
    request, ids = reservation["requestId"], {"accountId": str(shop.account.id), "seriesId": shop.series}
    nobody = Api(shop.client.http, shop.client.composition, shop.client.settings, {})

    for stranger in (shop.person, reader, nobody):
        answers = [
            await stranger.act("ReserveInvoice", **ids, requestId=request),
            await stranger.act("ConfirmInvoice", requestId=request, uuid=str(uuid4())),
            await stranger.act("ReleaseInvoice", requestId=request),
            await stranger.run("Invoice", {"requestId": request}),
            await stranger.run("OpenReservations", {}),
        ]

        assert [answer["__typename"] for answer in answers] == ["NotAuthorizedError"] * 5

    assert await shop.client.run("Invoice", {"requestId": request}) == {
        "__typename": "InvoiceReservation",
        **reservation,
    }


async def test_the_person_sees_the_stamps(shop: Shop) -> None:
    before = (await shop.person.run("Me"))["activation"]
    await shop.reserve()
    released = (await shop.reserved())["requestId"]
    await shop.release(released)

    after = (await shop.person.run("Me"))["activation"]

    assert before["stamps"] == {"total": 500, "used": 0, "left": 500, "endsAt": before["until"]}
    assert after["stamps"] == {"total": 500, "used": 1, "left": 499, "endsAt": before["until"]}


async def test_more_stamps_can_be_bought_once_few_are_left(shop: Shop) -> None:
    await Payment.all().update(stamps=2)
    await Series.all().update(last_folio=None)
    early = await shop.person.act("RequestBankDeposit", planId="negocio")
    await shop.reserve()
    await shop.reserve()
    refused = await shop.reserve()

    activation = (await shop.person.run("Me"))["activation"]
    bought = await shop.person.act("RequestBankDeposit", planId="negocio")

    assert early["__typename"] == "AlreadyActiveError"
    assert early["activation"]["stamps"]["left"] == 2
    assert refused["__typename"] == "NoStampsLeftError"
    assert activation["renewableFrom"] == activation["since"]
    assert activation["stamps"] == {"total": 2, "used": 2, "left": 0, "endsAt": None}
    assert bought["__typename"] == "RequestBankDepositSuccess"


async def test_more_stamps_than_an_int_are_shown_as_the_largest(shop: Shop) -> None:
    now = utc_now()
    for _ in range(2):
        await paid(shop.account, now, stamps=2_000_000_000)

    answer = await shop.reserve()

    assert answer["stampsLeft"] == 2**31 - 1
    assert (await shop.person.run("Me"))["activation"]["stamps"]["left"] == 2**31 - 1


async def test_a_mail_says_that_few_and_that_no_stamps_are_left(shop: Shop) -> None:
    await Payment.all().update(stamps=10)
    await Series.all().update(last_folio=None)
    await shop.client.mails()
    for _ in range(9):
        await shop.reserve()
    (low,) = (await shop.client.mails())[-1:]
    await shop.reserve()
    (used_up,) = (await shop.client.mails())[-1:]

    assert low["Subject"] == "Te quedan pocos timbres en Timbrado"
    assert used_up["Subject"] == "Ya no te quedan timbres en Timbrado"


async def test_confirmed_invoices_and_few_stamps_are_events(shop: Shop) -> None:
    await Payment.all().update(stamps=2)
    first, second = str(uuid4()), str(uuid4())
    await shop.reserved(first)
    await shop.release(first)
    await shop.reserved(second)
    await shop.reserved()
    confirmed = await shop.confirm(second)
    await shop.confirm(second, confirmed["reservation"]["uuid"])

    page = await shop.client.run("Events", {"types": ["INVOICE_CONFIRMED", "STAMPS_LOW"]})

    nodes = [edge["node"] for edge in page["edges"]]
    assert [(node["type"], node["stampsLeft"]) for node in nodes] == [("STAMPS_LOW", 0), ("INVOICE_CONFIRMED", None)]
    about = {"accountId": str(shop.account.id), "seriesId": shop.series, "requestId": second}
    assert nodes[1] | about | {"invoiceUuid": confirmed["reservation"]["uuid"]} == nodes[1]


async def test_the_stamps_of_me_are_one_statement_and_nothing_without_them(shop: Shop) -> None:
    counts = []
    for fields in ("until", "until stamps { total used left endsAt }"):
        with statements_run() as statements:
            response = await shop.person.http.post(
                "/graphql", json={"query": f"{{ me {{ activation {{ {fields} }} }} }}"}, headers=shop.person.headers
            )
        assert "errors" not in response.json()
        counts.append(len(statements))

    assert counts == [1, 2]


async def test_the_skipped_folios_of_all_series_are_one_statement(shop: Shop) -> None:
    for name in "BCD":
        await created(shop.person, name=name)
    counts = []
    for fields in ("id", "id skippedFolios a: skippedFolios"):
        with statements_run() as statements:
            query = f"{{ me {{ company {{ series {{ {fields} }} }} }} }}"
            response = await shop.person.http.post("/graphql", json={"query": query}, headers=shop.person.headers)
        assert len(response.json()["data"]["me"]["company"]["series"]) == 4
        counts.append(len(statements))

    assert counts == [3, 4]


async def test_a_series_with_a_reservation_stays(shop: Shop) -> None:
    await created(shop.person, name="B")
    request = (await shop.reserved())["requestId"]
    used = await shop.person.act("DeleteSeries", id=shop.series)
    await shop.release(request)

    deleted = await shop.person.act("DeleteSeries", id=shop.series)
    again = await shop.reserve(request)

    assert (used["__typename"], deleted["__typename"]) == ("SeriesInUseError", "DeleteSeriesSuccess")
    assert again["reservation"]["status"] == "RELEASED"
    assert (await shop.reserve())["__typename"] == "SeriesNotFoundError"


@pytest.mark.parametrize("stores", ["sqlite", "postgresql"])  # Redis would count the limit
@pytest.mark.parametrize(("again", "expected"), [(False, 8), (True, 4)])
async def test_a_reservation_needs_few_statements(shop: Shop, again: bool, expected: int) -> None:
    request = str(uuid4())
    await shop.reserve(request if again else None)

    with statements_run() as statements:
        await shop.reserve(request)

    assert len(statements) == expected, [each.text for each in statements]
