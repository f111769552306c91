"""What distinguishes a bank movement from every other, in this export and in the next."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.bank.movements import MovementCounter, movement_of, parse_day

_NAMES = ("fecha", "concepto", "abono", "saldo", "folio")
_ROW = ("02/03/2026", "SPEI RECIBIDO", "1,160.00", "5,000.00", "")


def _identity(cells: Sequence[str], names: Sequence[str] = _NAMES, reference: str = "1234567897") -> str:
    return MovementCounter().next(reference, movement_of(names, cells)).id


def _changed(**cells: str) -> list[str]:
    return [cells.get(name, cell) for name, cell in zip(_NAMES, _ROW, strict=True)]


def test_a_day_is_read_as_banks_write_it() -> None:
    texts = [
        "02/03/2026",
        "2-3-26",
        " 02.03.2026 ",
        "02/mar/2026",
        "02-MAR-26",
        "2 de marzo de 2026",
        "2026-03-02",
        "2026/3/2",
        "20260302",
        "02032026",
        "02/03/2026 10:33:07",
        "2026-03-02T10:33:07Z",
        "02／03／2026",
    ]

    assert [text for text in texts if parse_day(text) != date(2026, 3, 2)] == []


def test_a_month_has_its_spanish_or_english_name() -> None:
    months = {"ene": 1, "ago": 8, "dic": 12, "jan": 1, "aug": 8, "dec": 12, "Septiembre": 9}

    assert {name: parse_day(f"02/{name}/2026") for name in months} == {
        name: date(2026, month, 2) for name, month in months.items()
    }


def test_any_other_text_is_no_day() -> None:
    texts = ["", "x", "1160.00", "31/02/2026", "12/13/2026", "02/xyz/2026", "99999999", "1" * 9, "1/1/1", "٠٢/٠٣/٢٠٢٦"]

    assert [text for text in texts if parse_day(text) is not None] == []


@given(st.text() | st.from_regex(r"[0-9]{1,9}[/ -][0-9a-z]{1,9}[/ -][0-9]{1,9}"))
def test_any_text_has_an_identity(text: str) -> None:
    assert parse_day(text) is None or parse_day(text)
    assert _identity([text] * 9)


def test_a_megabyte_takes_a_moment() -> None:
    for text in ("1 " * 500_000, "a" * 1_000_000, "02/03/" + "2" * 1_000_000):
        assert _identity([text], ["folio"])


def test_the_same_row_is_the_same_movement_however_it_is_written() -> None:
    changes: list[dict[str, str]] = [
        {"fecha": "2026-03-02"},
        {"concepto": " spei  recibido"},
        {"abono": "$1160.00"},
        {"saldo": "9.99"},
    ]

    assert [changed for changed in changes if _identity(_changed(**changed)) != _identity(_ROW)] == []


def test_a_row_with_another_day_time_or_text_is_another_movement() -> None:
    changes: list[dict[str, str]] = [{"fecha": "03/03/2026"}, {"fecha": "02/03/2026 10:33"}, {"concepto": "otro"}]

    assert [changed for changed in changes if _identity(_changed(**changed)) == _identity(_ROW)] == []


@pytest.mark.parametrize(
    "column", ["folio", "clave de rastreo", "clave rastreo", "no. movimiento", "numero de operacion", "autorizacion"]
)
def test_with_the_banks_folio_the_text_makes_no_difference(column: str) -> None:
    names = (*_NAMES[:4], column)
    first = _identity(_changed(folio="00123-A"), names)

    assert _identity(_changed(folio="123A", concepto="otro texto", abono="1160"), names) == first
    assert _identity(_changed(folio="124A"), names) != first
    assert _identity(_changed(folio="00123-A", fecha="02/03/2027"), names) != first
    assert _identity(_changed(folio="00123-A"), names, reference="9876543211") != first


def test_a_movement_in_words_has_no_folio() -> None:
    names = (*_NAMES[:4], "movimiento")

    assert _identity(_changed(folio="PAGO 7", concepto="a"), names) != _identity(
        _changed(folio="PAGO 7", concepto="b"), names
    )


def test_equal_rows_of_a_file_are_two_movements_and_the_same_two_in_another_file() -> None:
    movement = movement_of(_NAMES, _ROW)
    other = movement_of(_NAMES, _changed(concepto="otro"))
    first, second = MovementCounter(), MovementCounter()

    ids = [first.next("1234567897", movement).id for _ in range(2)]
    second.next("1234567897", other)
    second.next("", movement)

    assert ids[0] != ids[1]
    assert [second.next("1234567897", movement).id for _ in range(2)] == ids
