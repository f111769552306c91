"""What banks export: the deposits in it, whatever stands around them."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.money import Money
from services.payments.bank_statement import StatementRow, parse_amount, read_statement
from services.payments.reference import draw_reference

_PAID = Money(Decimal("1160.00"))


def test_the_head_is_found_below_what_the_bank_writes_above_it() -> None:
    content = (
        "Estado de cuenta;;;\r\nCuenta;;0123;\r\n\r\n"
        "Fecha;Concepto;Referencia;Cargo;Abono\r\n"
        '02/03/2026;DEPÓSITO;1234567897;;"$1,160.00"\r\n'
        "03/03/2026;COMISIÓN;;50.00;\r\n"
        "04/03/2026;SPEI;;;99\r\n"
    ).encode()

    assert read_statement(content) == [StatementRow(5, "1234567897", _PAID), StatementRow(7, "", Money(Decimal(99)))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_usual_delimiter_and_encoding_is_read(delimiter: str, encoding: str) -> None:
    lines = [["Descripción", "REFERENCIA NUMÉRICA", "Depósito"], ["café", " 123 ", "1160.00"]]
    content = "\n".join(delimiter.join(cells) for cells in lines).encode(encoding)

    assert read_statement(content) == [StatementRow(2, "123", _PAID)]


def test_a_charge_is_left_out_however_the_bank_writes_nothing() -> None:
    content = b"referencia,abono\n1,\n2,-\n3,0.00\n4,$0.00\n5, \n6,1\n"

    assert read_statement(content) == [StatementRow(7, "6", Money(Decimal(1)))]


def test_where_a_bank_has_a_column_of_deposits_that_of_all_movements_does_not_count() -> None:
    assert read_statement(b"referencia,importe,cargo,abono\n1,5,5,\n2,7,,7\n") == [
        StatementRow(3, "2", Money(Decimal(7)))
    ]


def test_a_reference_is_found_in_the_concept_of_a_transfer() -> None:
    reference, other = draw_reference(), draw_reference()
    content = (
        "Concepto,Referencia,Abono\n"
        f"PAGO {reference} NEGOCIO,1234567,1160.00\n"
        f"PAGO {reference},{other},1160.00\n"
        f"{reference} o {other},,1160.00\n"
        f"9{reference},7,1160.00\n"
    ).encode()

    assert [row.reference for row in read_statement(content)] == [reference, other, "", "7"]


def test_a_cell_of_several_lines_does_not_shift_the_lines_that_follow() -> None:
    assert read_statement(b'referencia,concepto,abono\n1,"a\nb",1\n2,c,1\n')[1].line == 4


def test_a_quote_that_does_not_end_is_told_instead_of_eating_what_follows() -> None:
    with pytest.raises(ValueError, match="no table"):
        read_statement(b'concepto,referencia,importe\n"ACME,1,1.00\nEVA,2,1.00\n')


def test_an_amount_that_cannot_be_read_is_kept_as_a_row_without_one() -> None:
    assert read_statement(b"referencia,importe\n1,mil\n2,-5.00\n3\n") == [
        StatementRow(2, "1", None),
        StatementRow(3, "2", None),
    ]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n1,2\n", b"referencia\n1\n", b"\x00\xff\xfe", b"%PDF-1.7"])
def test_a_file_without_such_columns_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(ValueError, match="no line names a column referencia and a column abono or importe"):
        read_statement(content)


def test_a_file_that_is_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no table"):
        read_statement(b'"' + b"x" * 200_000)


@pytest.mark.parametrize("text", ["1160", "1160.00", "1,160.00", "$1,160.00", "$ 1,160.00 MXN", " 1160.0 "])
def test_an_amount_is_read_as_it_is_written(text: str) -> None:
    assert parse_amount(text) == _PAID


@pytest.mark.parametrize("text", ["", "-1160", "1.160,00", "11,60.00", "1160.001", "1e3", "١١٦٠", "x" * 10_000, "NaN"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert parse_amount(text) is None


@given(st.binary())
def test_no_file_breaks_it(content: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(read_statement(content), list)
