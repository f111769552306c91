"""Paying by bank deposit or transfer."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.payments import Money
from schema.signed_in import SignedInSuccess
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts
from services.payments.bank.outcomes import DepositInstructions
from services.payments.outcomes import (
    AlreadyActive,
    DeletionPending,
    OnboardingIncomplete,
    PaymentMethodUnavailable,
    PaymentNotFound,
    PaymentPending,
    PlanNotFound,
)


@strawberry.type(description="How to pay with a bank deposit or transfer. Show all fields to the payer.")
class BankDeposit:
    id: strawberry.ID = strawberry.field(description="The identifier of the payment, for cancelBankDeposit.")
    reference: str = strawberry.field(
        description="The payment reference: ten digits, the last one a check digit. In a SPEI transfer, put it in the "
        "concept; it does not fit in the numeric reference."
    )
    clabe: str = strawberry.field(description="The CLABE (18 digits) of the account to pay into.")
    bank: str = strawberry.field(description="The bank of the account to pay into.")
    beneficiary: str = strawberry.field(description="The holder of the account to pay into.")
    amount: Money = strawberry.field(description="The exact amount to pay; other amounts are not recognized.")
    plan_id: strawberry.ID = strawberry.field(description="The plan to be paid; it may no longer be listed in plans.")
    requested_at: datetime = strawberry.field(description="When the reference was first issued.")
    expires_at: datetime = strawberry.field(description="The deadline for paying.")

    @classmethod
    def of(cls, deposit: DepositInstructions) -> "BankDeposit":
        return cls(
            id=strawberry.ID(str(deposit.id)),
            reference=deposit.reference,
            clabe=deposit.account.clabe,
            bank=deposit.account.bank,
            beneficiary=deposit.account.beneficiary,
            amount=Money.of(deposit.amount),
            plan_id=strawberry.ID(deposit.plan_id),
            requested_at=deposit.requested_at,
            expires_at=deposit.expires_at,
        )


@strawberry.input(description="The input of requestBankDeposit.")
class RequestBankDepositInput:
    plan_id: strawberry.ID = strawberry.field(description="The plan's id, from plans.")


@strawberry.input(description="The input of cancelBankDeposit.")
class CancelBankDepositInput:
    id: strawberry.ID = strawberry.field(description="The id of the deposit, from me.openDeposit or me.payments.")


@strawberry.type(description="The deposit is requested; paying it with its reference activates the account.")
class RequestBankDepositSuccess(SignedInSuccess):
    deposit: BankDeposit = strawberry.field(
        description="The payment instructions, with the amount, the account and the deadline."
    )


@strawberry.type(description="The deposit is canceled, and its reference is void.")
class CancelBankDepositSuccess(SignedInSuccess):
    pass


RequestBankDepositResult = Annotated[
    RequestBankDepositSuccess
    | PlanNotFound
    | PaymentMethodUnavailable
    | OnboardingIncomplete
    | AlreadyActive
    | DeletionPending
    | PaymentPending
    | RestrictedSession
    | NotAuthenticated
    | TooManyAttempts,
    strawberry.union("RequestBankDepositResult", description="The result of requestBankDeposit."),
]
CancelBankDepositResult = Annotated[
    CancelBankDepositSuccess | PaymentNotFound | RestrictedSession | NotAuthenticated,
    strawberry.union("CancelBankDepositResult", description="The result of cancelBankDeposit."),
]
