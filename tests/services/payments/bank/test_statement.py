"""What banks export: the deposits in it, whatever stands around them."""

import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.money import Money
from services.payments.bank.amounts import is_nothing, parse_amount, parse_movement
from services.payments.bank.reference import draw_reference, parse_reference
from services.payments.bank.reference_search import find_references
from services.payments.bank.statement import StatementRow, candidates, read_statement
from tests.bank_files import FILES, LINES, REFERENCE

_PAID = Money(Decimal("1160.00"))
_OTHER = "9876543213"


def _read(content: str) -> list[tuple[int, Money | None]]:
    """The lines that brought money, and how much."""
    return [(row.line, row.amount) for row in read_statement(content.encode())]


def _fault(content: str) -> str:
    """Why its only row cannot be read."""
    (row,) = read_statement(content.encode())
    return row.fault


@pytest.mark.parametrize("bank", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_bank_is_read_in_every_encoding(bank: str, encoding: str, end: str) -> None:
    rows = read_statement(FILES[bank].replace("\n", end).encode(encoding))

    assert [(row.line, row.amount, row.named({REFERENCE}), row.fault) for row in rows] == [
        (LINES[bank], _PAID, [REFERENCE], "")
    ]


def test_utf_16_has_its_mark_or_none() -> None:
    big = "\ufeff" + FILES["Banorte"]

    assert read_statement(big.encode("utf-16-be")) == read_statement(FILES["Banorte"].encode())


def test_the_head_is_found_below_what_the_bank_writes_above_it() -> None:
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
def test_the_delimiter_is_the_one_that_fits_the_head_best(delimiter: str) -> None:
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


def test_a_head_on_every_page_totals_and_blank_lines_are_no_movements() -> None:
    page = "\n,,,\nreferencia,concepto,cargo,abono\n1,a,,1160.00\n,,,\n"

    assert _read(page + page + "Total,,5.00,2320.00\n") == [(4, _PAID), (9, _PAID)]


@pytest.mark.parametrize("nothing", ["", "-", "0", "0.00", "$0.00", "$ -", " ", "0,00", "+0.00", "(0.00)", "N/A", "--"])
def test_a_charge_is_left_out_however_the_bank_writes_nothing(nothing: str) -> None:
    assert _read(f'referencia;cargo;abono\n1;5.00;"{nothing}"\n2;{nothing};1160.00\n') == [(3, _PAID)]


@pytest.mark.parametrize("amount", ["-1160.00", "-$1,160.00", "$-1,160.00", "(1,160.00)", "1,160.00-", "−1160,00"])
@pytest.mark.parametrize("column", ["abono", "importe"])
def test_what_has_a_sign_of_money_that_went_out_never_counts(column: str, amount: str) -> None:
    assert _read(f'referencia;{column}\n{REFERENCE};"{amount}"\n') == []


@pytest.mark.parametrize(
    ("head", "came_in", "went_out"),
    [
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
    ],
)
def test_a_column_that_says_which_way_the_money_went_is_believed(head: str, came_in: str, went_out: str) -> None:
    rows = f"Tipo,{head},Importe,Concepto\nSPEI,{came_in},1160.00,{REFERENCE}\nSPEI,{went_out},1160.00,{REFERENCE}\n"

    assert _read(rows) == [(2, _PAID)]


@pytest.mark.parametrize(("head", "word"), [("Cargo/Abono", ""), ("Cargo/Abono", "x"), ("Tipo", "C")])
def test_a_movement_that_does_not_say_which_way_it_went_is_kept_without_its_amount(head: str, word: str) -> None:
    assert _fault(f"{head},Importe,Concepto\n{word},1160.00,a\n") == (
        "it does not say whether the money came in or went out"
    )


def test_a_column_of_charges_and_deposits_may_hold_the_signed_amounts() -> None:
    assert _read(f"Concepto,Cargo/Abono\n{REFERENCE},-1160.00\n{REFERENCE},1160.00\n") == [(3, _PAID)]


def test_where_a_bank_has_a_column_of_deposits_that_of_all_movements_does_not_count() -> None:
    assert _read("referencia,importe,cargo,abono\n1,5,5,\n2,1160,,1160\n") == [(3, _PAID)]


def test_beside_a_column_of_charges_that_of_all_movements_holds_what_came_in() -> None:
    assert _read("referencia,importe,cargo\n1,5,5\n2,1160,\n") == [(3, _PAID)]


@pytest.mark.parametrize(("currency", "fault"), [("MXN", ""), ("M.N.", ""), ("", ""), ("USD", "it is not in pesos")])
def test_another_currency_does_not_count(currency: str, fault: str) -> None:
    assert _fault(f"referencia,abono,moneda\n{REFERENCE},1160.00,{currency}\n") == fault


@pytest.mark.parametrize("column", ["Referencia de abono", "Tipo de cambio abono", "Fecha de abono", "Saldo abono"])
def test_a_column_that_only_mentions_a_deposit_holds_no_amount(column: str) -> None:
    assert _read(f"{column},Concepto,Abono\n7,a,1160.00\n") == [(2, _PAID)]


@pytest.mark.parametrize(
    ("concept", "exact", "glued"),
    [
        (f"PAGO {REFERENCE} NEGOCIO", [REFERENCE], []),
        (f"REF{REFERENCE}PAGO", [REFERENCE], []),
        (f'="{REFERENCE}"', [REFERENCE], []),
        (f"'{REFERENCE}", [REFERENCE], []),
        ("12345-67897", [REFERENCE], []),
        ("PAGO 123 456 7897 X", [REFERENCE], []),
        (f"{REFERENCE}.00", [REFERENCE], []),
        (f"{REFERENCE} o {_OTHER}", [REFERENCE, _OTHER], []),
        (f"0203{REFERENCE}", [], [REFERENCE]),
        (f"{REFERENCE}0203", [], [REFERENCE]),
        (f"77{REFERENCE}88", [], [REFERENCE]),
        ("0077 12345 67897", [], [REFERENCE]),
        ("1234567890 1 0", [], []),
        ("0123456784", [], []),
        ("12345", [], []),
    ],
)
def test_references_are_found_in_a_text(concept: str, exact: list[str], glued: list[str]) -> None:
    found, hidden = find_references(concept.strip("='\""))

    assert (list(found), [reference for reference in hidden if reference in {REFERENCE, _OTHER}]) == (exact, glued)


@given(st.from_regex(r"[1-9][0-9]{9}", fullmatch=True))
def test_a_number_that_stands_alone_is_found_if_it_checks(number: str) -> None:
    assert find_references(number) == (((number,) if parse_reference(number) else ()), ())


@given(st.text("0123456789", max_size=20), st.text("0123456789", max_size=20))
def test_a_reference_is_found_between_any_digits(before: str, after: str) -> None:
    reference = draw_reference()
    (row,) = read_statement(f"concepto,abono\nx{before}{reference}{after}x,1160.00\n".encode())

    assert reference in candidates([row])
    assert row.named({reference}) == [reference]


def test_of_several_that_were_given_out_one_that_stands_alone_counts_before_a_glued_one() -> None:
    (row,) = read_statement(f"concepto,referencia,abono\n00{_OTHER}00,{REFERENCE},1160.00\n".encode())

    assert row.named({REFERENCE, _OTHER}) == [REFERENCE]
    assert row.named({_OTHER}) == [_OTHER]
    assert row.named(set()) == []


def test_no_reference_is_read_in_an_amount_or_a_balance() -> None:
    (row,) = read_statement(f"concepto,abono,saldo\na,1160.00,{REFERENCE}\n".encode())

    assert candidates([row]) == set()


def test_a_cell_of_several_lines_does_not_shift_the_lines_that_follow() -> None:
    assert _read('referencia,concepto,abono\n1,"a\nb",1\n2,c,1160\n')[1] == (4, _PAID)


@pytest.mark.parametrize("broken", ['"ACME,1,1160.00', '"ACME" SA,1,1160.00', 'ACME "SA,1,1160.00'])
def test_a_broken_quote_spoils_nothing_where_the_cells_are_as_many_as_the_columns(broken: str) -> None:
    assert _read(f'concepto,referencia,importe\n{broken}\nEVA,"2",1160.00\n') == [(2, _PAID), (3, _PAID)]


def test_a_broken_quote_makes_one_row_unreadable_and_not_those_that_follow() -> None:
    rows = read_statement(b'concepto,referencia,importe\n"ACME, SA,1,1.00\nEVA,2,1160.00\n"IVO",3,1160.00\n')

    assert [(row.line, row.amount, row.fault) for row in rows] == [
        (2, None, "its quotes are broken"),
        (3, _PAID, ""),
        (4, _PAID, ""),
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (f"{REFERENCE},a,mil", "the amount cannot be read"),
        (f"{REFERENCE},a,1.160", "the amount cannot be read"),
        (f"{REFERENCE},a,1160.00 USD", "the amount cannot be read"),
        (f"{REFERENCE},a", "it ends before its amount"),
        (f"{REFERENCE},PAGO, NEGOCIO,1160.00", "it has more cells than the head"),
        (f"{REFERENCE},PAGO, NEGOCIO,,1160.00", "it has more cells than the head"),
        (f"{REFERENCE},a,1,160.00", "it has more cells than the head"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(row: str, fault: str) -> None:
    assert _fault(f"referencia,concepto,abono\n{row}\n") == fault


@pytest.mark.parametrize("charged", ["5.00", "REF"])
def test_a_row_with_a_charge_and_a_deposit_cannot_be_read(charged: str) -> None:
    assert _fault(f"concepto,cargo,abono\n{REFERENCE},{charged},1160.00,\n") == (
        "it has an amount that came in and one that went out"
    )


def test_empty_cells_beyond_the_head_are_no_cells() -> None:
    assert _read(f"referencia,abono\n{REFERENCE},1160.00,, \n") == [(2, _PAID)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("fecha,monto\n1,2\n", r"can hold a reference: fecha, monto \(it needs one for a reference"),
        ("fecha;referencia;saldo\n1;2;3\n", r"can hold an amount of money that came in: fecha, referencia, saldo \("),
        ("fecha,concepto,cargo\n1,2,3\n", r"an amount of money that came in: fecha, concepto, cargo \("),
        ("Cuenta,1\nDía,Nombre,Suma\n", "Día, Nombre, Suma"),
        ("", "no line names its columns: one for a reference"),
        ("\n\n", "no line names its columns"),
        ("referencia\n1\n", "no line names its columns"),
    ],
)
def test_a_file_without_such_columns_is_refused_with_those_that_it_has(content: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_statement(content.encode())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\x00", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x1f\x8b\x08", "a compressed file"),
        (b"\n <html><table>", "a web page or XML"),
        (b"referencia,abono\n1,\x002\n", "no text"),
        (b"\x00\xff\xfe", "no text"),
    ],
)
def test_what_is_no_text_is_named_and_csv_is_asked_for(content: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match=f"it is {kind}; export the movements as CSV"):
        read_statement(content)


def test_a_file_beyond_32_mib_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than 32 MiB"):
        read_statement(bytes(32 * 1024 * 1024 + 1))


@pytest.mark.parametrize(
    "row", ['02/03/2026,"PAGO {0}",77{0}88,,"1,160.00"', '02/03/2026,"PAGO,77{0}88,,1', '"' * 40, "1" * 300]
)
def test_ten_thousand_rows_take_a_moment(row: str) -> None:
    rows = [row.format(REFERENCE) for _ in range(10_000)]
    begun = time.process_time()

    read_statement("\n".join(["fecha,concepto,referencia,cargo,abono", *rows]).encode())

    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "text",
    [
        *("1160", "1160.00", "1,160.00", "$1,160.00", "$ 1,160.00 MXN", " 1160.0 ", "+1,160.00", "+$1160", "1160,00"),
        *(
            "1.160,00",
            "1160.00 MXN",
            "MXN 1,160.00",
            "1,160",
            "1160,0",
            "1160.00 M.N.",
            "1\u00a0160,00",
            "1160.00 pesos",
        ),
    ],
)
def test_an_amount_is_read_as_it_is_written(text: str) -> None:
    assert parse_amount(text) == _PAID
    assert not is_nothing(text)


@pytest.mark.parametrize("text", ["-1160", "- 1,160.00", "(1,160.00)", "($1,160.00)", "-(1160)", "1,160.00-", "–1160"])
def test_an_amount_that_went_out_is_negative_and_none_that_came_in(text: str) -> None:
    assert parse_movement(text) == Money(Decimal("-1160.00"))
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "1.160", "11,60.00", "1,16.00", "1160.001", "1e3", "١١٦٠", "x" * 10_000, "NaN", "1160 USD", "1,160,00"),
        *("(1160", "1160)", "+-1160", "1" * 41, "1160-1160", "1.160.000", "$", ".", ",00"),
    ],
)
def test_what_is_no_amount_is_none(text: str) -> None:
    assert parse_amount(text) is None


@given(st.binary() | st.text().map(lambda text: f"referencia,abono\n{text}".encode("utf-8", "surrogatepass")))
def test_no_file_breaks_it(content: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(read_statement(content), list)
