"""What this back end asks of timbrado-accounts, as an API client with the scopes accounts:read and invoices:write."""

import logging
from dataclasses import dataclass, field
from typing import Any

import httpx2

log = logging.getLogger(__name__)

_ACCOUNT = """
query Account($by: AccountBy!) {
  account(by: $by) {
    __typename
    ... on AccountRecord {
      rfc
      activation { active stamps { left total } }
      company {
        legalName
        postalCode
        taxRegime { code }
        series { id name nextFolio skippedFolios }
      }
    }
    ... on UserError { message }
  }
}
"""
_RESERVE = """
mutation Reserve($input: ReserveInvoiceInput!) {
  reserveInvoice(input: $input) {
    __typename
    ... on ReserveInvoiceSuccess { series folio reservation { status } }
    ... on UserError { message }
  }
}
"""
_CONFIRM = """
mutation Confirm($input: ConfirmInvoiceInput!) {
  confirmInvoice(input: $input) { __typename ... on UserError { message } }
}
"""
_RELEASE = """
mutation Release($input: ReleaseInvoiceInput!) {
  releaseInvoice(input: $input) { __typename ... on UserError { message } }
}
"""
_OPEN = """
query Open($after: String) {
  openReservations(after: $after, first: 100, olderThanHours: 0) {
    __typename
    ... on InvoiceReservationConnection {
      edges { node { requestId } }
      pageInfo { hasNextPage endCursor }
    }
    ... on UserError { message }
  }
}
"""
# What ends without our doing anything else than asking again later.
_LATER = frozenset({"NotAuthorizedError", "TooManyAttemptsError"})


class AccountsUnavailableError(Exception):
    """There is no answer that counts now. Whatever was asked may have happened: ask the same again."""


@dataclass(frozen=True, slots=True)
class Series:
    id: str
    name: str
    next_folio: str | None
    skipped_folios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Company:
    legal_name: str
    tax_regime: str
    postal_code: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Account:
    rfc: str
    company: Company | None
    active: bool
    stamps_left: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """`released` is true if the reservation has ended, so that nothing may be stamped with it."""

    series: str
    folio: str
    released: bool


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of the schema: its type's name, and the message for the taxpayer, in Spanish."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every method may be repeated. Each raises AccountsUnavailableError if there is no answer that counts."""

    http: httpx2.AsyncClient
    url: str
    secret: str = field(repr=False)

    async def account(self, id: str) -> Account | Failure:
        answer = await self._ask("account", _ACCOUNT, by={"id": id})
        if isinstance(answer, Failure):
            return answer
        activation, company = answer["activation"], answer["company"]
        return Account(
            rfc=answer["rfc"],
            company=company and _company(company),
            active=bool(activation and activation["active"]),
            stamps_left=activation["stamps"]["left"] if activation else 0,
        )

    async def reserve(self, account_id: str, series_id: str, request_id: str) -> Reserved | Failure:
        asked = {"accountId": account_id, "seriesId": series_id, "requestId": request_id}
        answer = await self._ask("reserveInvoice", _RESERVE, input=asked)
        if isinstance(answer, Failure):
            return answer
        return Reserved(answer["series"], str(answer["folio"]), answer["reservation"]["status"] == "RELEASED")

    async def confirm(self, request_id: str, uuid: str) -> Done | Failure:
        answer = await self._ask("confirmInvoice", _CONFIRM, input={"requestId": request_id, "uuid": uuid})
        return answer if isinstance(answer, Failure) else Done()

    async def release(self, request_id: str) -> Done | Failure:
        answer = await self._ask("releaseInvoice", _RELEASE, input={"requestId": request_id})
        return answer if isinstance(answer, Failure) else Done()

    async def open_requests(self) -> set[str]:
        """Returns the requests of all reservations that are neither confirmed nor released."""
        requests: set[str] = set()
        after = None
        while True:
            page = await self._ask("openReservations", _OPEN, after=after)
            if isinstance(page, Failure):
                raise AccountsUnavailableError(page.name)
            requests |= {edge["node"]["requestId"] for edge in page["edges"]}
            if not page["pageInfo"]["hasNextPage"]:
                return requests
            after = page["pageInfo"]["endCursor"]

    async def _ask(self, field: str, query: str, **variables: Any) -> dict[str, Any] | Failure:
        headers = {"Authorization": f"Bearer {self.secret}", "Accept-Language": "es"}
        body = {"query": query, "variables": variables}
        try:
            response = await self.http.post(f"{self.url}/graphql", json=body, headers=headers)
            answer = (response.json().get("data") or {}).get(field)
        except (httpx2.HTTPError, ValueError, AttributeError) as error:
            raise AccountsUnavailableError(type(error).__name__) from None
        if not answer:
            raise AccountsUnavailableError(f"status {response.status_code}")
        name = answer["__typename"]
        if name in _LATER:
            log.error("the accounts service answers %s", name)
            raise AccountsUnavailableError(name)
        return Failure(name, answer["message"]) if name.endswith("Error") else answer


def _company(company: dict[str, Any]) -> Company:
    series = tuple(
        Series(
            each["id"],
            each["name"],
            None if each["nextFolio"] is None else str(each["nextFolio"]),
            tuple(map(str, each["skippedFolios"])),
        )
        for each in company["series"]
    )
    return Company(company["legalName"], company["taxRegime"]["code"], company["postalCode"], series)
