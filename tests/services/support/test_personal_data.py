"""What is in the zip with a person's data."""

import asyncio
import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.event import Event
from models.invoice_reservation import InvoiceReservation
from services.common.clock import utc_now
from services.support import personal_data
from tests.api import Api
from tests.conftest import MakeApi
from tests.exports import everything, exported, readmes, sheets, tables
from tests.forms import EMAIL
from tests.invoices import CLIENT, paid
from tests.stored_accounts import store_account, store_company
from tests.stores import ON_SQLITE


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api()


async def _reserved(account: Account, count: int, **columns: Any) -> None:
    payment, now = uuid4(), utc_now()
    await InvoiceReservation.bulk_create(
        InvoiceReservation(
            **{
                "id": uuid4(),
                "client_id": CLIENT,
                "request_id": uuid4(),
                "account_id": account.id,
                "series_id": payment,
                "series_name": "A",
                "folio": number,
                "payment_id": payment,
                "stamps_left": 0,
                "reserved_at": now + timedelta(microseconds=number // 3),
                "released_at": now,
                **columns,
            }
        )
        for number in range(count)
    )


async def test_the_json_and_the_sheets_have_the_same_rows_and_columns(api: Api) -> None:
    account = await store_account(password_hash="a hash")
    await store_company(account)
    await paid(account, utc_now(), reference="0000000004")

    content = await exported(api.composition, EMAIL)

    found, sheet = tables(content), sheets(content)
    assert [*found] == [*sheet] == [*api.composition.personal_data.sections]
    assert {name: len(rows) for name, rows in found.items()} == {name: len(rows) for name, rows in sheet.items()}
    assert [[*row] for rows in found.values() for row in rows] == [[*row] for rows in sheet.values() for row in rows]
    (row,) = found["account"]
    assert (row["email"], row["password"], sheet["account"][0]["password"]) == (EMAIL, True, "true")
    assert "a hash" not in everything(content)
    (payment,) = found["payments"]
    assert (payment["reference"], payment["subtotal"]) == ("0000000004", sheet["payments"][0]["subtotal"])


async def test_rows_come_in_their_order_however_many_there_are(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "BATCH_SIZE", 4)  # three rows each have the same time
    account = await store_account()
    await _reserved(account, 21)

    rows = tables(await exported(api.composition, EMAIL))["invoice_reservations"]

    assert len({row["id"] for row in rows}) == len(rows) == 21
    assert rows == sorted(rows, key=lambda row: (row["reserved_at"], row["id"]))


async def test_nothing_is_about_others(api: Api) -> None:
    other = await store_account("eva@example.com")
    await store_company(other, legal_name="LA OTRA")
    await _reserved(other, 1)
    account = await store_account()
    await paid(account, utc_now(), closed_by="command manuel")
    email = api.composition.actors.email(EMAIL)
    trail: dict[str, Any] = {"at": utc_now(), "kind": "rfc_changed"}
    await AuditEvent.create(id=uuid4(), actor="command manuel", account_id=account.id, **trail)
    await AuditEvent.create(id=uuid4(), actor="client", account_id=other.id, email=email, **trail)
    await AuditEvent.create(id=uuid4(), actor="client", email=email, **trail)

    content = await exported(api.composition, EMAIL)

    assert [word for word in ("manuel", "eva@", "LA OTRA", str(other.id)) if word in everything(content)] == []
    found = tables(content)
    assert sorted(event["actor"] for event in found["audit_events"]) == ["client", "operator"]
    assert [payment["closed_by"] for payment in found["payments"]] == ["operator"]


@ON_SQLITE
@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
async def test_no_cell_is_a_formula(api: Api, name: str) -> None:
    await store_company(await store_account(), legal_name=name)

    content = await exported(api.composition, EMAIL)

    assert tables(content)["company"][0]["legal_name"] == name
    assert sheets(content)["company"][0]["legal_name"] == f"'{name.strip()}"


@ON_SQLITE
async def test_what_is_nested_or_odd_is_readable(api: Api) -> None:
    account = await store_account()
    await store_company(account, legal_name='Ñandú, "Señor"; 🦙')
    details = {"changed": ["email"]}
    await Event.create(
        id=1, event_id=uuid4(), type="account.updated", account_id=account.id, occurred_at=utc_now(), details=details
    )

    content = await exported(api.composition, EMAIL)

    assert sheets(content)["company"][0]["legal_name"] == 'Ñandú, "Señor"; 🦙'
    assert tables(content)["events"][0]["details"] == details
    assert sheets(content)["events"][0]["details"] == '{"changed":["email"]}'


@ON_SQLITE
async def test_both_languages_say_what_each_file_is(api: Api) -> None:
    await store_account()

    found = readmes(await exported(api.composition, EMAIL))

    assert set(found) == {"LEEME.txt", "README.txt"}
    names = ["data.json", *(f"csv/{name}.csv" for name in api.composition.personal_data.sections)]
    assert [(name, text) for text in found.values() for name in names if f"\n{name}: " not in text] == []
    assert "Tus pagos." in found["LEEME.txt"]
    assert "Your payments." in found["README.txt"]


@ON_SQLITE
async def test_a_canceled_export_leaves_nothing_open(api: Api) -> None:
    await _reserved(await store_account(), 5_000)
    subject = await api.composition.personal_data.subject(EMAIL)
    assert subject

    for milliseconds in range(0, 60, 3):
        writing = asyncio.create_task(api.composition.personal_data.write(subject, io.BytesIO()))
        await asyncio.sleep(milliseconds / 1000)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)

    assert len(tables(await exported(api.composition, EMAIL))["invoice_reservations"]) == 5_000
