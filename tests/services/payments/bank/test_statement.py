"""Deposits are found in what banks export, whatever surrounds them."""

import re
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.money import Money
from services.payments.bank.amounts import is_empty_amount, parse_amount, parse_movement
from services.payments.bank.reference import generate_reference, parse_reference
from services.payments.bank.reference_search import find_references
from services.payments.bank.statement import StatementRow, candidates, read_statement
from tests.bank_files import FILES, LINES, REFERENCE
from tests.refusals import refusal

_PAID = Money(Decimal("1160.00"))
_OTHER = "9876543213"


def _read(content: str) -> list[tuple[int, Money | None]]:
    """The lines that brought money, and how much."""
    return [(row.line, row.amount) for row in read_statement(content.encode())]


def _fault(content: str) -> str:
    """Why its only row cannot be read."""
    (row,) = read_statement(content.encode())
    return row.fault


def test_every_bank_is_read_in_every_encoding() -> None:
    encodings = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
    ends = ["\n", "\r\n", "\r"]

    unread = [
        (bank, encoding, end)
        for bank in FILES
        for encoding in encodings
        for end in ends
        if [
            (row.line, row.amount, row.issued_references({REFERENCE}), row.fault)
            for row in read_statement(FILES[bank].replace("\n", end).encode(encoding))
        ]
        != [(LINES[bank], _PAID, [REFERENCE], "")]
    ]

    assert unread == []


def test_utf_16_is_read_with_and_without_a_mark() -> None:
    big = "\ufeff" + FILES["Banorte"]

    assert read_statement(big.encode("utf-16-be")) == read_statement(FILES["Banorte"].encode())


def test_the_header_is_found_below_what_the_bank_writes_above_it() -> None:
    content = (
        "Estado de cuenta;;;\r\nCuenta;;0123;\r\n\r\n"
        "Fecha;Concepto;Referencia;Cargo;Abono\r\n"
        f'02/03/2026;DEPÓSITO;{REFERENCE};;"$1,160.00"\r\n'
        "03/03/2026;COMISIÓN;;50.00;\r\n"
        "04/03/2026;SPEI;;;99\r\n"
    ).encode()

    assert read_statement(content) == [
        StatementRow(5, REFERENCE, _PAID, (REFERENCE,)),
        StatementRow(7, "SPEI", Money(Decimal(99))),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_fits_the_header_best(delimiter: str) -> None:
    head = delimiter.join(["Fecha, hora; día", "Referencia|Concepto", "Descripción", "Cargo", "Abono"])
    cells = [f'"a{other}b"' for other in ",;\t|" if other != delimiter]
    content = f'"Fecha, hora; día"{head[16:]}\n' if delimiter in ",;" else f"{head}\n"
    content = content.replace("Referencia|Concepto", '"Referencia|Concepto"')
    row = delimiter.join([cells[0], f'"x{delimiter}{REFERENCE}"', cells[1], "", '"1,160.00"'])

    assert _read(content + row) == [(2, _PAID)]


@pytest.mark.parametrize("separator", [";", "#"])
def test_a_first_line_for_excel_names_the_delimiter(separator: str) -> None:
    content = f"sep={separator}\nreferencia{separator}abono\n{REFERENCE}{separator}1160.00\n"

    assert _read(content) == [(3, _PAID)]


def test_repeated_headers_totals_and_blank_lines_are_no_movements() -> None:
    page = "\n,,,\nreferencia,concepto,cargo,abono\n1,a,,1160.00\n,,,\n"

    assert _read(page + page + "Total,,5.00,2320.00\n") == [(4, _PAID), (9, _PAID)]


def test_a_charge_is_left_out_however_the_bank_writes_nothing() -> None:
    ways = ["", "-", "0", "0.00", "$0.00", "$ -", " ", "0,00", "+0.00", "(0.00)", "N/A", "--"]

    files = {nothing: f'referencia;cargo;abono\n1;5.00;"{nothing}"\n2;{nothing};1160.00\n' for nothing in ways}

    assert {nothing: _read(content) for nothing, content in files.items()} == {key: [(3, _PAID)] for key in ways}


def test_a_negative_amount_never_counts() -> None:
    amounts = ["-1160.00", "-$1,160.00", "$-1,160.00", "(1,160.00)", "1,160.00-", "−1160,00"]

    counted = [
        (column, amount)
        for column in ("abono", "importe")
        for amount in amounts
        if _read(f'referencia;{column}\n{REFERENCE};"{amount}"\n') != []
    ]

    assert counted == []


def test_a_column_that_says_which_way_the_money_went_is_believed() -> None:
    columns = [
        ("Cargo/Abono", "+", "-"),
        ("Cargo/Abono", "A", "C"),
        ("Cargo / Abono", "Abono", "Cargo"),
        ("C/A", "a", "c"),
        ("D/C", "C", "D"),
        ("Débito/Crédito", "C", "D"),
        ("Retiro/Depósito", "DEPÓSITO", "RETIRO"),
        ("Tipo", "Abono", "Cargo"),
        ("Tipo de movimiento", "Depósito en efectivo", "Retiro"),
        ("Tipo de operación", "SPEI recibido", "SPEI enviado"),
        ("Tipo", "A", "C"),
        ("Tipo", "C", "D"),
        ("Signo", "+", "-"),
    ]

    wrong = [
        (head, came_in, went_out)
        for head, came_in, went_out in columns
        if _read(
            f"Tipo,{head},Importe,Concepto\nSPEI,{came_in},1160.00,{REFERENCE}\nSPEI,{went_out},1160.00,{REFERENCE}\n"
        )
        != [(2, _PAID)]
    ]

    assert wrong == []


def test_a_movement_that_does_not_say_which_way_it_went_is_kept_without_its_amount() -> None:
    columns = [("Cargo/Abono", ""), ("Cargo/Abono", "x"), ("Tipo", "C")]

    faults = [_fault(f"{head},Importe,Concepto\n{word},1160.00,a\n") for head, word in columns]

    assert faults == ["it does not say whether the money came in or went out"] * len(columns)


def test_a_column_of_charges_and_deposits_may_hold_the_signed_amounts() -> None:
    assert _read(f"Concepto,Cargo/Abono\n{REFERENCE},-1160.00\n{REFERENCE},1160.00\n") == [(3, _PAID)]


def test_beside_a_column_of_deposits_the_column_of_all_movements_does_not_count() -> None:
    assert _read("referencia,importe,cargo,abono\n1,5,5,\n2,1160,,1160\n") == [(3, _PAID)]


def test_beside_a_column_of_charges_the_column_of_all_movements_holds_deposits() -> None:
    assert _read("referencia,importe,cargo\n1,5,5\n2,1160,\n") == [(3, _PAID)]


def test_another_currency_does_not_count() -> None:
    faults = {
        "MXN": "",
        "M.N.": "",
        "": "",
        "USD": "it is not in pesos",
    }

    assert {
        currency: _fault(f"referencia,abono,moneda\n{REFERENCE},1160.00,{currency}\n") for currency in faults
    } == faults


def test_a_column_that_only_mentions_a_deposit_holds_no_amount() -> None:
    columns = ["Referencia de abono", "Tipo de cambio abono", "Fecha de abono", "Saldo abono"]

    assert [column for column in columns if _read(f"{column},Concepto,Abono\n7,a,1160.00\n") != [(2, _PAID)]] == []


def test_references_are_found_in_a_text() -> None:
    texts: dict[str, tuple[list[str], list[str]]] = {
        f"PAGO {REFERENCE} NEGOCIO": ([REFERENCE], []),
        f"REF{REFERENCE}PAGO": ([REFERENCE], []),
        f'="{REFERENCE}"': ([REFERENCE], []),
        f"'{REFERENCE}": ([REFERENCE], []),
        "12345-67897": ([REFERENCE], []),
        "PAGO 123 456 7897 X": ([REFERENCE], []),
        f"{REFERENCE}.00": ([REFERENCE], []),
        f"{REFERENCE} o {_OTHER}": ([REFERENCE, _OTHER], []),
        f"0203{REFERENCE}": ([], [REFERENCE]),
        f"{REFERENCE}0203": ([], [REFERENCE]),
        f"77{REFERENCE}88": ([], [REFERENCE]),
        "0077 12345 67897": ([], [REFERENCE]),
        "1234567890 1 0": ([], []),
        "0123456784": ([], []),
        "12345": ([], []),
    }

    found = {}
    for concept in texts:
        exact, embedded = find_references(concept.strip("='\""))
        found[concept] = (list(exact), [reference for reference in embedded if reference in {REFERENCE, _OTHER}])

    assert found == texts


@given(st.from_regex(r"[1-9][0-9]{9}", fullmatch=True))
def test_a_number_that_stands_alone_is_found_if_it_checks(number: str) -> None:
    assert find_references(number) == (((number,) if parse_reference(number) else ()), ())


@given(st.text("0123456789", max_size=20), st.text("0123456789", max_size=20))
def test_a_reference_is_found_between_any_digits(before: str, after: str) -> None:
    reference = generate_reference()
    (row,) = read_statement(f"concepto,abono\nx{before}{reference}{after}x,1160.00\n".encode())

    assert reference in candidates([row])
    assert row.issued_references({reference}) == [reference]


def test_a_reference_that_stands_alone_counts_before_one_glued_to_other_digits() -> None:
    (row,) = read_statement(f"concepto,referencia,abono\n00{_OTHER}00,{REFERENCE},1160.00\n".encode())

    assert row.issued_references({REFERENCE, _OTHER}) == [REFERENCE]
    assert row.issued_references({_OTHER}) == [_OTHER]
    assert row.issued_references(set()) == []


def test_no_reference_is_read_in_an_amount_or_a_balance() -> None:
    (row,) = read_statement(f"concepto,abono,saldo\na,1160.00,{REFERENCE}\n".encode())

    assert candidates([row]) == set()


def test_a_cell_of_several_lines_does_not_shift_the_lines_that_follow() -> None:
    assert _read('referencia,concepto,abono\n1,"a\nb",1\n2,c,1160\n')[1] == (4, _PAID)


@pytest.mark.parametrize("broken", ['"ACME,1,1160.00', '"ACME" SA,1,1160.00', 'ACME "SA,1,1160.00'])
def test_a_broken_quote_spoils_nothing_if_there_are_as_many_cells_as_columns(broken: str) -> None:
    assert _read(f'concepto,referencia,importe\n{broken}\nEVA,"2",1160.00\n') == [(2, _PAID), (3, _PAID)]


def test_a_broken_quote_makes_one_row_unreadable_and_leaves_the_others() -> None:
    rows = read_statement(b'concepto,referencia,importe\n"ACME, SA,1,1.00\nEVA,2,1160.00\n"IVO",3,1160.00\n')

    assert [(row.line, row.amount, row.fault) for row in rows] == [
        (2, None, "its quotes are broken"),
        (3, _PAID, ""),
        (4, _PAID, ""),
    ]


def test_a_row_that_cannot_be_read_says_why() -> None:
    faults = {
        f"{REFERENCE},a,mil": "the amount cannot be read",
        f"{REFERENCE},a,1.160": "the amount cannot be read",
        f"{REFERENCE},a,1160.00 USD": "the amount cannot be read",
        f"{REFERENCE},a": "it ends before its amount",
        f"{REFERENCE},PAGO, NEGOCIO,1160.00": "it has more cells than the head",
        f"{REFERENCE},PAGO, NEGOCIO,,1160.00": "it has more cells than the head",
        f"{REFERENCE},a,1,160.00": "it has more cells than the head",
    }

    assert {row: _fault(f"referencia,concepto,abono\n{row}\n") for row in faults} == faults


def test_a_row_with_a_charge_and_a_deposit_cannot_be_read() -> None:
    faults = [_fault(f"concepto,cargo,abono\n{REFERENCE},{charged},1160.00,\n") for charged in ("5.00", "REF")]

    assert faults == ["it has an amount that came in and one that went out"] * 2


def test_empty_cells_beyond_the_header_are_ignored() -> None:
    assert _read(f"referencia,abono\n{REFERENCE},1160.00,, \n") == [(2, _PAID)]


def test_a_file_without_such_columns_is_refused_with_those_that_it_has() -> None:
    sentences = {
        "fecha,monto\n1,2\n": r"can hold a reference: fecha, monto \(it needs one for a reference",
        "fecha;referencia;saldo\n1;2;3\n": r"can hold an amount of money that came in: fecha, referencia, saldo \(",
        "fecha,concepto,cargo\n1,2,3\n": r"an amount of money that came in: fecha, concepto, cargo \(",
        "Cuenta,1\nDía,Nombre,Suma\n": "Día, Nombre, Suma",
        "": "no line names its columns: one for a reference",
        "\n\n": "no line names its columns",
        "referencia\n1\n": "no line names its columns",
    }

    refused = {content: refusal(read_statement, content.encode()) for content in sentences}

    assert [content for content, sentence in sentences.items() if not re.search(sentence, refused[content])] == []


def test_a_file_that_is_no_text_is_named_and_csv_is_asked_for() -> None:
    kinds = {
        b"PK\x03\x04\x14\x00": "an Excel workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1": "an Excel workbook",
        b"%PDF-1.7\n": "a PDF",
        b"\x1f\x8b\x08": "a compressed file",
        b"\n <html><table>": "a web page or XML",
        b"referencia,abono\n1,\x002\n": "no text",
        b"\x00\xff\xfe": "no text",
    }

    refused = {content: refusal(read_statement, content) for content in kinds}

    asks = "export the movements as CSV"
    assert [content for content, kind in kinds.items() if f"it is {kind}; {asks}" not in refused[content]] == []


def test_a_file_beyond_32_mib_is_refused() -> None:
    assert "larger than 32 MiB" in refusal(read_statement, bytes(32 * 1024 * 1024 + 1))


def test_two_thousand_hostile_rows_take_a_moment() -> None:
    rows = ['02/03/2026,"PAGO {0}",77{0}88,,"1,160.00"', '02/03/2026,"PAGO,77{0}88,,1', '"' * 40, "1" * 300]
    begun = time.process_time()

    for row in rows:
        many = [row.format(REFERENCE)] * 2_000
        read_statement("\n".join(["fecha,concepto,referencia,cargo,abono", *many]).encode())

    assert time.process_time() - begun < 5


def test_an_amount_is_read_however_it_is_written() -> None:
    texts = [
        "1160",
        "1160.00",
        "1,160.00",
        "$1,160.00",
        "$ 1,160.00 MXN",
        " 1160.0 ",
        "+1,160.00",
        "+$1160",
        "1160,00",
        "1.160,00",
        "1160.00 MXN",
        "MXN 1,160.00",
        "1,160",
        "1160,0",
        "1160.00 M.N.",
        "1\u00a0160,00",
        "1160.00 pesos",
    ]

    assert [text for text in texts if parse_amount(text) != _PAID or is_empty_amount(text)] == []


def test_an_amount_that_went_out_is_negative_and_no_deposit() -> None:
    texts = ["-1160", "- 1,160.00", "(1,160.00)", "($1,160.00)", "-(1160)", "1,160.00-", "–1160"]

    assert [text for text in texts if parse_movement(text) != Money(Decimal("-1160.00"))] == []
    assert [text for text in texts if parse_amount(text) is not None] == []


def test_any_other_text_is_no_amount() -> None:
    texts = [
        "",
        "1.160",
        "11,60.00",
        "1,16.00",
        "1160.001",
        "1e3",
        "١١٦٠",
        "x" * 10_000,
        "NaN",
        "1160 USD",
        "1,160,00",
        "(1160",
        "1160)",
        "+-1160",
        "1" * 41,
        "1160-1160",
        "1.160.000",
        "$",
        ".",
        ",00",
    ]

    assert [text[:20] for text in texts if parse_amount(text) is not None] == []


@given(st.binary() | st.text().map(lambda text: f"referencia,abono\n{text}".encode("utf-8", "surrogatepass")))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(read_statement(content), list)
