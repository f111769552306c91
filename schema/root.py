"""The schema: every root field, annotated with its result, bound to its resolver."""

from datetime import datetime
from typing import cast

import strawberry
from graphql import GraphQLObjectType, introspection_types
from graphql.type.introspection import TypeFields
from strawberry.schema.config import StrawberryConfig

from resolvers import account, captchas, company, login, passwords, payments, registration, series, sessions
from schema.account import Account
from schema.captchas import CreateCaptchaResult
from schema.company import ConfigureCompanyResult, TaxRegime
from schema.enums import PaymentMethod
from schema.errors import UserError
from schema.list_size import ListSize
from schema.login import LoginResult
from schema.passwords import ChangePasswordResult, PasswordPolicy, RecoverPasswordResult
from schema.payments import CompletePayPalPaymentResult, Plan, RequestBankDepositResult, StartPayPalPaymentResult
from schema.registration import ConfirmAccountResult, CreateAccountResult, ResendConfirmationCodeResult
from schema.scalars import BIG_INT, DATE_TIME, BigInt
from schema.series import CreateSeriesResult, DeleteSeriesResult, UpdateSeriesResult
from schema.sessions import LogoutResult, RevokeOtherSessionsResult, RevokeSessionResult
from services.company.tax_regimes import MAX_TAX_REGIMES
from services.payments.plans import MAX_PLANS


@strawberry.type(description="What can be read.")
class Query:
    me: Account | None = strawberry.field(
        resolver=account.me, description="Who is signed in; null for nobody, and never an error."
    )
    password_policy: PasswordPolicy = strawberry.field(
        resolver=passwords.password_policy, description="The rules that new passwords must meet."
    )
    tax_regimes: list[TaxRegime] = strawberry.field(
        resolver=company.tax_regimes,
        description="The tax regimes to choose from, by their code; nobody need be signed in.",
        directives=[ListSize(assumed_size=MAX_TAX_REGIMES)],
    )
    plans: list[Plan] = strawberry.field(
        resolver=payments.plans,
        description="What can be bought, for everybody.",
        directives=[ListSize(assumed_size=MAX_PLANS)],
    )
    payment_methods: list[PaymentMethod] = strawberry.field(
        resolver=payments.payment_methods, description="The ways to pay that the operator takes."
    )


@strawberry.type(
    description="What can be done. An operation has exactly one of these fields, and every expected failure is a "
    "member of its result: select `__typename`."
)
class Mutation:
    create_account: CreateAccountResult = strawberry.mutation(
        resolver=registration.create_account,
        description="Step 1: registers a taxpayer and mails a confirmation code of 40 characters. Repeating it with "
        "the same e-mail and password is safe: it updates the registration.",
    )
    resend_confirmation_code: ResendConfirmationCodeResult = strawberry.mutation(
        resolver=registration.resend_confirmation_code,
        description="Mails another confirmation code, for whoever did not get the first or let it expire.",
    )
    confirm_account: ConfirmAccountResult = strawberry.mutation(
        resolver=registration.confirm_account,
        description="Step 2: turns the registration that a code belongs to into an account. A code is good for a day. "
        "Repeating it is safe.",
    )
    login: LoginResult = strawberry.mutation(
        resolver=login.login, description="Signs in with an e-mail and a password, and opens a session."
    )
    logout: LogoutResult = strawberry.mutation(
        resolver=sessions.logout, description="Ends the session of the token or cookie, and forgets the cookie."
    )
    create_captcha: CreateCaptchaResult = strawberry.mutation(
        resolver=captchas.create_captcha,
        description="Draws a captcha for recoverPassword; calling it again is the form's refresh button.",
    )
    recover_password: RecoverPasswordResult = strawberry.mutation(
        resolver=passwords.recover_password,
        description="Mails a new password that opens the account for 24 hours. The old one works until that is used.",
    )
    change_password: ChangePasswordResult = strawberry.mutation(
        resolver=passwords.change_password,
        description="Sets a new password; ends every other session, and every mailed password.",
    )
    revoke_session: RevokeSessionResult = strawberry.mutation(
        resolver=sessions.revoke_session, description="Ends one session of the account, at once."
    )
    revoke_other_sessions: RevokeOtherSessionsResult = strawberry.mutation(
        resolver=sessions.revoke_other_sessions, description="Ends every session of the account but the current one."
    )
    configure_company: ConfigureCompanyResult = strawberry.mutation(
        resolver=company.configure_company,
        description="Step 3: sets the data with which the account invoices; sent again, it changes them.",
    )
    create_series: CreateSeriesResult = strawberry.mutation(
        resolver=series.create_series,
        description="Step 3: adds a series of invoices. The first one completes the step.",
    )
    update_series: UpdateSeriesResult = strawberry.mutation(
        resolver=series.update_series,
        description="Replaces what was sent of a series, as far as no taken folio is lost.",
    )
    delete_series: DeleteSeriesResult = strawberry.mutation(
        resolver=series.delete_series,
        description="Deletes a series of which no folio was taken, and which is not the only one.",
    )
    start_pay_pal_payment: StartPayPalPaymentResult = strawberry.mutation(
        resolver=payments.start_pay_pal_payment,
        description="Step 4 with PayPal: makes an order that the payer approves on PayPal's page. Asking again for the "
        "same plan gives the same order while it is fresh; asking for another plan replaces it.",
    )
    complete_pay_pal_payment: CompletePayPalPaymentResult = strawberry.mutation(
        resolver=payments.complete_pay_pal_payment,
        description="Takes the money of an approved order, once, and activates the account.",
    )
    request_bank_deposit: RequestBankDepositResult = strawberry.mutation(
        resolver=payments.request_bank_deposit,
        description="Step 4 with a bank deposit: gives a reference to pay with. The account is active once the "
        "operator has seen the money. Asking again for the same plan gives the same reference, with its days begun "
        "anew; asking for another plan, or after its price changed, voids it and gives another.",
    )


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[UserError],
    config=StrawberryConfig(scalar_map={datetime: DATE_TIME, BigInt: BIG_INT}),
)

# Strawberry puts one of its own there, which fails for lists and non-null types.
cast(GraphQLObjectType, introspection_types["__Type"]).fields["isOneOf"].resolve = TypeFields.is_one_of
