"""Accounts, as API clients see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from schema.account import Onboarding
from schema.company import Company
from schema.context import Info
from schema.enums import Language, TaxpayerType
from schema.errors import register
from schema.list_size import ListSize
from schema.pages import PageInfo
from schema.payments import Activation
from services.access.records import AccountKey, AccountNotFound, AccountPage, AccountView, RfcNotUnique
from services.common.batches import Batch
from services.common.outcomes import InvalidInput, NotAuthorized, TooManyAttempts
from services.common.pages import MAX_PAGE
from services.company.company import CompanyView
from services.company.series_outcomes import SeriesView
from services.payments.stamps import Stamps


class _Batches:
    """The companies and the series of all accounts in an answer: each is read with one statement, if selected."""

    def __init__(self, info: Info, views: Sequence[AccountView]) -> None:
        services = info.context.services
        with_company = {view.id: view.taxpayer_type for view in views if not view.progress.company_outdated}
        self.stamps: Batch[UUID, Stamps] = Batch(partial(services.stamps.of_all, [view.id for view in views]))
        self.companies: Batch[UUID, CompanyView] = Batch(partial(services.company.of_all, with_company))
        self.series: Batch[UUID, Sequence[SeriesView]] = Batch(partial(services.series.list_for_all, [*with_company]))

        async def skipped_folios() -> Mapping[UUID, list[int]]:
            listed = [await self.series.get(account_id) or () for account_id in with_company]
            return await services.invoices.skipped_folios([view.id for views in listed for view in views])

        self.skipped: Batch[UUID, list[int]] = Batch(skipped_folios)


@strawberry.type(description="A confirmed account, as seen by an API client with the scope `accounts:read`.")
class AccountRecord:
    batches: strawberry.Private[_Batches]
    id: strawberry.ID = strawberry.field(
        description="A permanent identifier, never reused: Account.id, and `sub` of access tokens."
    )
    email: str = strawberry.field(description="The account's e-mail address, which its owner may change.")
    rfc: str = strawberry.field(
        description="The RFC (tax ID), in upper case and without separators. Several accounts may have the same."
    )
    taxpayer_type: TaxpayerType = strawberry.field(description="The kind of taxpayer, derived from the RFC.")
    language: Language = strawberry.field(description="The language of mails to the account.")
    created_at: datetime = strawberry.field(description="When the account was registered (step 1).")
    confirmed_at: datetime = strawberry.field(description="When the account was confirmed (step 2).")
    updated_at: datetime = strawberry.field(
        description="When the last event about the account happened; a reserved or released folio is none."
    )
    onboarding: Onboarding = strawberry.field(description="The account's progress through the four onboarding steps.")
    activation: Activation | None = strawberry.field(
        description="The period that the account was last paid for, even if it has ended; null until the first payment."
    )

    @strawberry.field(
        description="The company's data; null until configureCompany succeeds, and while it belongs to another "
        "taxpayerType."
    )
    async def company(self) -> Company | None:
        view = await self.batches.companies.get(UUID(self.id))
        return Company.of(view, self._series, self.batches.skipped) if view else None

    async def _series(self) -> Sequence[SeriesView]:
        return await self.batches.series.get(UUID(self.id)) or ()

    @classmethod
    def of(cls, info: Info, view: AccountView) -> "AccountRecord":
        return cls._of(view, _Batches(info, [view]))

    @classmethod
    def all_of(cls, info: Info, views: Sequence[AccountView]) -> "list[AccountRecord]":
        batches = _Batches(info, views)
        return [cls._of(view, batches) for view in views]

    @classmethod
    def _of(cls, view: AccountView, batches: _Batches) -> "AccountRecord":
        progress = view.progress
        return cls(
            batches=batches,
            id=strawberry.ID(str(view.id)),
            email=view.email,
            rfc=view.rfc,
            taxpayer_type=view.taxpayer_type,
            language=view.language,
            created_at=view.created_at,
            confirmed_at=view.confirmed_at,
            updated_at=view.updated_at,
            onboarding=Onboarding.of(progress),
            activation=Activation.of(progress.activation, view.id, batches.stamps) if progress.activation else None,
        )


@strawberry.type(description="An account in a page.")
class AccountRecordEdge:
    cursor: str = strawberry.field(description="The account's place in the list, for `after`.")
    node: AccountRecord = strawberry.field(description="The account.")


@strawberry.type(description="A page of accounts, in the order of updatedAt, and of id among equals.")
class AccountRecordConnection:
    edges: list[AccountRecordEdge] = strawberry.field(
        description="The accounts of the page, each with its cursor.", directives=[ListSize(assumed_size=MAX_PAGE)]
    )
    page_info: PageInfo = strawberry.field(description="Where the page is in the list.")

    @classmethod
    def of(cls, info: Info, page: AccountPage) -> "AccountRecordConnection":
        cursors = [view.cursor for view in page.views]
        records = AccountRecord.all_of(info, page.views)
        return cls(
            edges=[AccountRecordEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, records, strict=True)],
            page_info=PageInfo.of(cursors, has_next_page=page.has_next),
        )


@strawberry.input(description="By what an account is looked up: exactly one of the fields.", one_of=True)
class AccountBy:
    id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="The account's id, as in `sub` of access tokens. Prefer it: it never changes."
    )
    rfc: strawberry.Maybe[str] = strawberry.field(
        description="The account's RFC. It proves nothing, since anybody can register with it."
    )
    email: strawberry.Maybe[str] = strawberry.field(description="The account's e-mail address, in any case.")

    def value(self) -> AccountKey:
        return AccountKey(*(each.value if each else None for each in (self.id, self.rfc, self.email)))


def _ids(root: strawberry.Parent[RfcNotUnique]) -> list[strawberry.ID]:
    return [strawberry.ID(each) for each in root.ids]


register(AccountNotFound, "No account has this id, RFC or e-mail address. Registrations are not accounts.")
register(
    RfcNotUnique,
    "Several accounts have this RFC. Look them up by their ids.",
    ids=strawberry.field(
        resolver=_ids,
        description="The ids of the accounts, at most 100, the oldest first.",
    ),
)

AccountResult = Annotated[
    AccountRecord | AccountNotFound | RfcNotUnique | TooManyAttempts | NotAuthorized,
    strawberry.union("AccountResult", description="The result of account."),
]
AccountsResult = Annotated[
    AccountRecordConnection | InvalidInput | TooManyAttempts | NotAuthorized,
    strawberry.union("AccountsResult", description="The result of accounts."),
]
