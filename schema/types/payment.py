from datetime import datetime

import strawberry

from schema.context import Info
from services.common.money import Money as Amount
from services.payments.bank.deposits import DepositRequested
from services.payments.plans import Plan as PlanOnSale


@strawberry.type(description="An amount of money, in decimal.")
class Money:
    amount: str = strawberry.field(description="With two decimals, such as 1160.00; never a float.")
    currency: str = strawberry.field(description="A code of ISO 4217, such as MXN.")

    @classmethod
    def of(cls, money: Amount) -> "Money":
        return cls(amount=money.text, currency=money.currency)


@strawberry.type(description="What can be bought: so many stamps for so long.")
class Plan:
    plan: strawberry.Private[PlanOnSale]
    id: strawberry.ID = strawberry.field(description="Goes into startPayPalPayment and requestBankDeposit.")
    subtotal: Money = strawberry.field(description="The price without IVA.")
    tax: Money = strawberry.field(description="The IVA on it.")
    total: Money = strawberry.field(description="What is paid: both together.")
    stamps: int = strawberry.field(description="How many invoices may be stamped in the period.")
    period_months: int = strawberry.field(description="How many months the period has.")

    @strawberry.field(description="What the plan is called, in the language of Accept-Language.")
    def name(self, info: Info) -> str:
        return self.plan.names[info.context.caller.language]

    @classmethod
    def of(cls, plan: PlanOnSale) -> "Plan":
        return cls(
            plan=plan,
            id=strawberry.ID(plan.id),
            subtotal=Money.of(plan.subtotal),
            tax=Money.of(plan.tax),
            total=Money.of(plan.total),
            stamps=plan.stamps,
            period_months=plan.period_months,
        )


@strawberry.type(description="How to pay with a bank deposit or transfer: show all of it to the person who pays.")
class BankDeposit:
    reference: str = strawberry.field(
        description="Ten digits, the last of which checks the others. In a transfer by SPEI it goes into the "
        "concept, as the numeric reference has no room for it."
    )
    clabe: str = strawberry.field(description="The number of the account to pay into: 18 digits.")
    bank: str = strawberry.field(description="The bank of that account.")
    beneficiary: str = strawberry.field(description="Whose account it is.")
    amount: Money = strawberry.field(description="Just this: another amount is not recognised.")
    plan_id: strawberry.ID = strawberry.field(description="The plan that it pays; it may no longer be among plans.")
    requested_at: datetime = strawberry.field(description="When the reference was first given.")
    expires_at: datetime = strawberry.field(description="Until when to pay.")

    @classmethod
    def of(cls, deposit: DepositRequested) -> "BankDeposit":
        return cls(
            reference=deposit.reference,
            clabe=deposit.account.clabe,
            bank=deposit.account.bank,
            beneficiary=deposit.account.beneficiary,
            amount=Money.of(deposit.amount),
            plan_id=strawberry.ID(deposit.plan_id),
            requested_at=deposit.requested_at,
            expires_at=deposit.expires_at,
        )
