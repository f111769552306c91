"""Files as banks export them, with made-up people: each has `reference` in one deposit of 1160.00, in `LINES[bank]`.

The names and the order of the columns are those that public parsers of these banks' files expect.
"""

REFERENCE = "1234567897"

BBVA = """\
Cuenta: 0123456789,,,,
Periodo: 01/03/2026 - 31/03/2026,,,,
,,,,
Fecha,Concepto / Referencia,cargo,Abono,Saldo
02/03/2026,SPEI RECIBIDOBANORTE/0157629804 072 0203261234567897LICENCIA,,"1,160.00","9,160.00"
02/03/2026,PAGO DE NOMINA/ 0099887766,"8,000.00",,"1,160.00"
01/03/2026,SPEI ENVIADO HSBC/0021 1234567897,"1,160.00",,0.00
"""

BANORTE = """\
CUENTA|FECHA DE OPERACIÓN|REFERENCIA|DESCRIPCIÓN|COD. TRANSAC|DEPÓSITOS|RETIROS|SALDO|DESCRIPCIÓN DETALLADA
'0123456789|02/03/2026|0000000000|SPEI RECIBIDO|006|$1,160.00|-|$9,160.00|BBVA, DEL CLIENTE "EVA REF: 1234567897
'0123456789|03/03/2026|0000000000|COMISION|511|-|$50.00|$9,110.00|COMISION POR MANEJO
"""

SANTANDER = """\
Cuenta,Fecha,Hora,Sucursal,Descripcion,Cargo/Abono,Importe,Saldo,Referencia,Concepto
'65500000001,'02032026,10:15,5555,AB TRANSF SPEI,+,1160.00,9160.00,'7654321,1234567897
'65500000001,'02032026,10:16,5555,PAGO TRANSF SPEI,-,1160.00,8000.00,'7654322,1234567897
"""

BANAMEX = """\
"Banca por internet"
"Cuenta de cheques 123 / 4567890"

"Fecha";"Descripción";"Depósitos";"Retiros";"Saldo"
"02-03-2026";"DEPOSITO EFECTIVO; SUC 0123
REF. 1234567897 AUT. 00012345";"1,160.00";"";"9,160.00"
"03-03-2026";"RETIRO; CAJERO";"";"500.00";"8,660.00"
"Total";"";"1,160.00";"500.00";""
"""

HSBC = """\
Fecha\tDescripción\tReferencia del cliente\tImporte de crédito\tImporte de débito\tSaldo
02/03/2026\tTRANSFERENCIA\t1234567897\t1160,00\t\t9160,00
03/03/2026\tCOMISION\t1234567897\t\t-1160,00\t8000,00
"""

SCOTIABANK = """\
sep=;
Fecha;Referencia Numérica;Concepto;Tipo;Monto MXN;Saldo
2026/03/02;="1234567897";DEPOSITO;C;1160.00 MXN;9160.00
2026/03/03;="1234567897";CHEQUE;D;1160.00 MXN;8000.00
"""

FILES = {
    "BBVA": BBVA,
    "Banorte": BANORTE,
    "Santander": SANTANDER,
    "Banamex": BANAMEX,
    "HSBC": HSBC,
    "Scotiabank": SCOTIABANK,
}
LINES = {"BBVA": 5, "Banorte": 2, "Santander": 2, "Banamex": 5, "HSBC": 2, "Scotiabank": 3}
