"""examples/upload in a process of its own beside the service, and what a page asks of it."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import quoteattr

import httpx2

from audits.person import Person
from audits.ports import free_port
from scripts.product import Secrets, prepare, upload_settings
from tests.forms import COMPANY, RFC
from tests.process.serving import CHEAP_ARGON2, ROOT, clean_environment, serving

PLANS = """
iva = "0.16"
[[plans]]
id = "few"
name = { es = "Pocos", en = "Few" }
price = "10.00"
stamps = 3
months = 12
[[plans]]
id = "many"
name = { es = "Muchos", en = "Many" }
price = "100.00"
stamps = 1000
months = 12
"""
PROVIDER_SECONDS = 1.5


@dataclass
class Example:
    """The process of the example, which may be killed and started again. Its log goes to `folder`/upload.log."""

    python: str
    folder: Path
    url: str
    secrets: Secrets
    service: httpx2.Client
    """A client of the accounts service."""
    process: subprocess.Popen[bytes] | None = None
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=60))

    def start(self) -> None:
        settings = upload_settings(self.accounts, self.url, self.secrets, self.folder)
        with (self.folder / "upload.log").open("a") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "upload"],
                cwd=ROOT / "examples",
                env={"PATH": os.environ["PATH"], **settings, "PROVIDER_SECONDS": str(PROVIDER_SECONDS)},
                stdout=log,
                stderr=log,
            )
        until(self.is_up, "the example")

    def is_up(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log
        try:
            return self.http.get(self.url).status_code == 200
        except httpx2.TransportError:
            return False

    @property
    def accounts(self) -> str:
        return str(self.service.base_url).rstrip("/")

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait(20)

    @property
    def log(self) -> str:
        return (self.folder / "upload.log").read_text("utf-8")

    def stamped(self) -> set[str]:
        """Returns the UUIDs that the provider has given."""
        with contextlib.closing(sqlite3.connect(self.folder / "provider.sqlite3")) as database:
            return {uuid for (uuid,) in database.execute("SELECT uuid FROM request WHERE uuid IS NOT NULL")}


@dataclass
class Page:
    """What the page does for a person: it gets a token for the example, and sends it with each request."""

    example: Example
    person: Person
    given: str | None = None
    """Another token than the one that the service would give."""

    @classmethod
    def of(cls, example: Example, name: str, plan: str = "few") -> "Page":
        """Returns the page of somebody new, who has paid for the plan."""
        person = Person(example.service, name)
        person.pay(plan)
        return cls(example, person)

    @property
    def token(self) -> str:
        if self.given is not None:
            return self.given
        return str(self.person.run("CreateAccessToken", audience=self.example.url)["accessToken"])

    def list(self, **query: str) -> Any:
        answer = self.get("/invoices", **query)
        assert answer.status_code == 200, (answer, self.example.log)
        return answer.json()

    def get(self, path: str, **query: str) -> httpx2.Response:
        return self.example.http.get(self.example.url + path, params=query, headers=self._headers)

    @property
    def series(self) -> Any:
        [series] = self.list()["account"]["company"]["series"]
        return series

    def put(self, draft: bytes, id: str | None = None, series: str | None = None) -> httpx2.Response:
        url = f"{self.example.url}/invoices/{id or uuid4()}"
        query = {"series": self.series["id"] if series is None else series}
        return self.example.http.put(url, params=query, content=draft, headers=self._headers)

    def upload(self, draft: bytes, id: str | None = None) -> Any:
        answer = self.put(draft, id)
        assert answer.status_code == 200, (answer.text, self.example.log)
        return answer.json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


def draft(conditions: str = "", **changed: str) -> bytes:
    """Returns a CFDI 4.0 draft of the company of the tests, with attributes `changed`."""
    attributes = {
        "rfc": RFC,
        "name": COMPANY["legalName"],
        "regime": COMPANY["taxRegime"],
        "place": COMPANY["postalCode"],
        "total": "116.00",
        "version": "4.0",
        **changed,
    }
    value = {name: quoteattr(text) for name, text in attributes.items()}
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version={value["version"]} Fecha="2026-11-26T12:00:00"
  Moneda="MXN" SubTotal="100.00" Total={value["total"]} TipoDeComprobante="I" Exportacion="01" MetodoPago="PUE"
  FormaPago="03" CondicionesDePago={quoteattr(conditions)} LugarExpedicion={value["place"]}>
  <cfdi:Emisor Rfc={value["rfc"]} Nombre={value["name"]} RegimenFiscal={value["regime"]}/>
  <cfdi:Receptor Rfc="URE180429TM6" Nombre="UNIVERSIDAD ROBOTICA ESPAÑOLA" DomicilioFiscalReceptor="86991"
    RegimenFiscalReceptor="601" UsoCFDI="G03"/>
  <cfdi:Conceptos>
    <cfdi:Concepto ClaveProdServ="81112100" Cantidad="1" ClaveUnidad="E48" Descripcion="Soporte" ValorUnitario="100.00"
      Importe="100.00" ObjetoImp="02"/>
  </cfdi:Conceptos>
</cfdi:Comprobante>
"""
    return text.encode()


@contextlib.contextmanager
def running(folder: Path, python: str) -> Iterator[Example]:
    """Runs the service and the example."""
    (folder / "plans.toml").write_text(PLANS)
    url, product = f"http://127.0.0.1:{free_port()}", folder / "product"
    secrets = prepare(product, f"{url}/webhooks/accounts", clean_environment(DATA_DIR=str(folder)))
    settings = {
        **CHEAP_ARGON2,
        "ACCESS_TOKEN_AUDIENCES": f"{url},reports",
        "PLANS_FILE": str(folder / "plans.toml"),
        "TEST_MODE": "true",
    }
    with serving(folder, **settings) as (accounts, _), httpx2.Client(base_url=accounts, timeout=30) as service:
        example = Example(python, product, url, secrets, service)
        with example.http:
            example.start()
            try:
                yield example
            finally:
                example.stop()


def until(condition: Any, what: str, seconds: float = 30) -> Any:
    """Waits until the condition returns something, and returns it."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return value
