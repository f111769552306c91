"""The schema: each root field with its result type and its resolver."""

from datetime import datetime
from typing import cast

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, introspection_types
from graphql.type.introspection import TypeFields
from strawberry.schema.config import StrawberryConfig

from resolvers import (
    access_tokens,
    account,
    account_changes,
    account_records,
    captchas,
    company,
    events,
    invoices,
    login,
    passkey_login,
    passkeys,
    passwords,
    payments,
    preferences,
    privacy,
    reauthentication,
    registration,
    remembered_devices,
    second_factor,
    second_step,
    series,
    sessions,
    verification,
)
from schema.access_tokens import CreateAccessTokenResult
from schema.account import Account
from schema.account_changes import ChangeEmailResult, ChangeRfcResult, ConfirmEmailResult, RevertEmailResult
from schema.account_records import AccountResult, AccountsResult
from schema.captchas import Captcha, CreateCaptchaResult
from schema.company import ConfigureCompanyResult, TaxRegime
from schema.deposits import CancelBankDepositResult, RequestBankDepositResult
from schema.enums import PaymentMethod
from schema.errors import UserError
from schema.events import EventsResult
from schema.invoices import (
    ConfirmInvoiceResult,
    InvoiceResult,
    OpenReservationsResult,
    ReleaseInvoiceResult,
    ReserveInvoiceResult,
)
from schema.list_size import ListSize
from schema.login import LoginResult
from schema.passkey_login import BeginPasskeyLoginResult, LoginWithPasskeyResult
from schema.passkeys import (
    AddPasskeyResult,
    BeginPasskeyProofResult,
    BeginPasskeyRegistrationResult,
    RemovePasskeyResult,
    RenamePasskeyResult,
    RequirePasskeyResult,
)
from schema.passwords import ChangePasswordResult, PasswordPolicy, RecoverPasswordResult
from schema.payments import Plan
from schema.paypal import CompletePayPalPaymentResult, StartPayPalPaymentResult
from schema.preferences import UpdateAccountResult
from schema.privacy import (
    AcceptPrivacyNoticeResult,
    CancelAccountDeletionResult,
    ExportAccountResult,
    PrivacyNotice,
    RequestAccountDeletionResult,
)
from schema.reauthentication import ReauthenticateResult
from schema.registration import ConfirmAccountResult, CreateAccountResult, ResendConfirmationCodeResult
from schema.remembered_devices import ForgetDeviceResult
from schema.scalars import BIG_INT, DATE_TIME, BigInt
from schema.second_factor import (
    ConfirmTotpResult,
    CreateRecoveryCodesResult,
    EnrollTotpResult,
    RemoveSecondFactorResult,
)
from schema.second_step import VerifySecondFactorResult
from schema.series import CreateSeriesResult, DeleteSeriesResult, UpdateSeriesResult
from schema.sessions import LogoutResult, RenameSessionResult, RevokeOtherSessionsResult, RevokeSessionResult
from schema.verification import VerifySessionResult
from services.company.tax_regimes import MAX_TAX_REGIMES
from services.payments.plans import MAX_PLANS


@strawberry.type(description="The root of all queries.")
class Query:
    me: Account | None = strawberry.field(
        resolver=account.me,
        description="Returns the account of the session; null, never an error, if there is no session.",
    )
    password_policy: PasswordPolicy = strawberry.field(
        resolver=passwords.password_policy, description="Returns the rules for new passwords."
    )
    privacy_notice: PrivacyNotice | None = strawberry.field(
        resolver=privacy.privacy_notice,
        description="Returns the privacy notice that people have to accept; null if the operator asks for none. "
        "Requires no session.",
    )
    tax_regimes: list[TaxRegime] = strawberry.field(
        resolver=company.tax_regimes,
        description="Lists the tax regimes, ordered by code. Requires no session.",
        directives=[ListSize(assumed_size=MAX_TAX_REGIMES)],
    )
    captcha: Captcha | None = strawberry.field(
        resolver=captchas.captcha,
        description="Returns a captcha that can still be answered, to request its audio or its image later than the "
        "captcha itself; null if it is unknown, expired or used. It counts towards the same limit as createCaptcha; "
        "over the limit, the request gets the error TOO_MANY_ATTEMPTS. Requires no session.",
    )
    plans: list[Plan] = strawberry.field(
        resolver=payments.plans,
        description="Lists the plans for sale. Requires no session.",
        directives=[ListSize(assumed_size=MAX_PLANS)],
    )
    payment_methods: list[PaymentMethod] = strawberry.field(
        resolver=payments.payment_methods,
        description="Lists the payment methods that the operator accepts. Requires no session.",
    )
    account: AccountResult = strawberry.field(
        resolver=account_records.account,
        description="For API clients with the scope `accounts:read`: looks up one account.",
    )
    accounts: AccountsResult = strawberry.field(
        resolver=account_records.accounts,
        description="For API clients with the scope `accounts:read`: lists all accounts, those that changed last at "
        "the end. An account that changes meanwhile moves to the end. Changes that are committed at the same time may "
        "appear in another order, so let updatedSince overlap with the last run by a minute, or follow the events.",
    )
    events: EventsResult = strawberry.field(
        resolver=events.events,
        description="For API clients with the scope `events:read`: lists what happened to all accounts, from the "
        "oldest event that is kept or after a cursor. At least once: whoever goes on from endCursor misses none. A "
        "later event of an account never comes before an earlier one.",
    )
    invoice: InvoiceResult = strawberry.field(
        resolver=invoices.invoice,
        description="Returns what the API client reserved with a requestId, to go on after an answer was lost. Only "
        "for API clients with the scope invoices:write.",
    )
    open_reservations: OpenReservationsResult = strawberry.field(
        resolver=invoices.open_reservations,
        description="Lists the API client's reservations that were neither confirmed nor released, the oldest first: "
        "by default those of a day ago and earlier. Only for API clients with the scope invoices:write.",
    )


@strawberry.type(
    description="The root of all mutations. An operation selects exactly one of these fields. Every expected failure "
    "is a member of the field's result union: select `__typename`."
)
class Mutation:
    create_account: CreateAccountResult = strawberry.mutation(
        resolver=registration.create_account,
        description="Step 1: registers a taxpayer and mails a 40-character confirmation code. Repeating it is safe: "
        "the same e-mail address and password update the registration.",
    )
    resend_confirmation_code: ResendConfirmationCodeResult = strawberry.mutation(
        resolver=registration.resend_confirmation_code,
        description="Mails another confirmation code, for example if the first did not arrive or has expired.",
    )
    confirm_account: ConfirmAccountResult = strawberry.mutation(
        resolver=registration.confirm_account,
        description="Step 2: confirms a registration by its code, which creates the account. A code is valid for 24 "
        "hours. Repeating the mutation is safe.",
    )
    login: LoginResult = strawberry.mutation(
        resolver=login.login, description="Logs in with an e-mail address and a password, and opens a session."
    )
    logout: LogoutResult = strawberry.mutation(
        resolver=sessions.logout, description="Ends the session of the token or cookie, and clears the cookie."
    )
    create_captcha: CreateCaptchaResult = strawberry.mutation(
        resolver=captchas.create_captcha,
        description="Creates a captcha for recoverPassword. Call it again to refresh the captcha in the form.",
    )
    recover_password: RecoverPasswordResult = strawberry.mutation(
        resolver=passwords.recover_password,
        description="Mails a new password, which is valid for 24 hours. The old password works until the new one is "
        "used.",
    )
    change_password: ChangePasswordResult = strawberry.mutation(
        resolver=passwords.change_password,
        description="Sets a new password, and revokes all other sessions and all mailed passwords.",
    )
    reauthenticate: ReauthenticateResult = strawberry.mutation(
        resolver=reauthentication.reauthenticate,
        description="Proves again who holds the session, for the mutations that answer "
        "ReauthenticationRequiredError. A login and changePassword are such a proof, too.",
    )
    verify_second_factor: VerifySecondFactorResult = strawberry.mutation(
        resolver=second_step.verify_second_factor,
        description="Opens the session of a login that answered SecondFactorRequiredError, by a code or a passkey.",
    )
    begin_passkey_login: BeginPasskeyLoginResult = strawberry.mutation(
        resolver=passkey_login.begin_passkey_login,
        description="Returns what a browser or a system needs to sign in with a passkey, the same for everybody. "
        "Requires no session.",
    )
    login_with_passkey: LoginWithPasskeyResult = strawberry.mutation(
        resolver=passkey_login.login_with_passkey,
        description="Logs in with a passkey, without an e-mail address and a password, and opens a session. A second "
        "factor is not asked for.",
    )
    begin_passkey_registration: BeginPasskeyRegistrationResult = strawberry.mutation(
        resolver=passkeys.begin_passkey_registration,
        description="Returns what a browser or a system needs to make a passkey. Needs a recent proof.",
    )
    add_passkey: AddPasskeyResult = strawberry.mutation(
        resolver=passkeys.add_passkey,
        description="Adds the passkey that was made. Needs a recent proof.",
    )
    rename_passkey: RenamePasskeyResult = strawberry.mutation(
        resolver=passkeys.rename_passkey, description="Names a passkey, so that its owner recognizes it."
    )
    remove_passkey: RemovePasskeyResult = strawberry.mutation(
        resolver=passkeys.remove_passkey,
        description="Removes a passkey, which signs in no more. Open sessions stay. Needs a recent proof.",
    )
    require_passkey: RequirePasskeyResult = strawberry.mutation(
        resolver=passkeys.require_passkey,
        description="Makes the account's passkeys its second factor, so that the password alone signs in no more, and "
        "returns recovery codes; removeSecondFactor takes it back. Needs a recent proof.",
    )
    begin_passkey_proof: BeginPasskeyProofResult = strawberry.mutation(
        resolver=passkeys.begin_passkey_proof,
        description="Returns what a browser or a system needs to prove with a passkey who holds the session, for "
        "reauthenticate.",
    )
    enroll_totp: EnrollTotpResult = strawberry.mutation(
        resolver=second_factor.enroll_totp,
        description="Makes a key for an authenticator app. It counts once confirmTotp succeeds; until then, another "
        "call replaces it. Needs a recent proof.",
    )
    confirm_totp: ConfirmTotpResult = strawberry.mutation(
        resolver=second_factor.confirm_totp,
        description="Makes the authenticator app the second factor, and returns recovery codes. Needs a recent proof.",
    )
    create_recovery_codes: CreateRecoveryCodesResult = strawberry.mutation(
        resolver=second_factor.create_recovery_codes,
        description="Replaces the recovery codes. Needs a recent proof.",
    )
    remove_second_factor: RemoveSecondFactorResult = strawberry.mutation(
        resolver=second_factor.remove_second_factor,
        description="Removes the second factor and its recovery codes. Needs a recent proof.",
    )
    change_email: ChangeEmailResult = strawberry.mutation(
        resolver=account_changes.change_email,
        description="Asks for another e-mail address, and mails a code to it; it takes the place of an earlier "
        "request. Needs a recent proof.",
    )
    confirm_email: ConfirmEmailResult = strawberry.mutation(
        resolver=account_changes.confirm_email,
        description="Gives the account the new e-mail address, by the code of changeEmail. Needs a session of the "
        "account, so that a mistyped address gives nobody anything.",
    )
    revert_email: RevertEmailResult = strawberry.mutation(
        resolver=account_changes.revert_email,
        description="Takes a change of the e-mail address back, by the code that was mailed to the old address, for "
        "seven days. Requires no session.",
    )
    change_rfc: ChangeRfcResult = strawberry.mutation(
        resolver=account_changes.change_rfc,
        description="Changes the RFC as long as nothing was paid or invoiced under it. Needs a recent proof.",
    )
    accept_privacy_notice: AcceptPrivacyNoticeResult = strawberry.mutation(
        resolver=privacy.accept_privacy_notice,
        description="Records that the person accepts the current privacy notice, for example a new version of it. "
        "Repeating the mutation is safe.",
    )
    export_account: ExportAccountResult = strawberry.mutation(
        resolver=privacy.export_account,
        description="Mails a link to everything that is kept about the person and their company, as a zip with JSON "
        "and CSV. The link works once, for an hour from the mail on; a new one replaces it. Needs a recent proof.",
    )
    request_account_deletion: RequestAccountDeletionResult = strawberry.mutation(
        resolver=privacy.request_account_deletion,
        description="Asks for the deletion of the account, which follows after some days, by default seven, and mails "
        "when. Until then the account works, except that nobody can pay for it; a deposit that was requested is "
        "canceled. Repeating the mutation is safe and changes nothing. Needs a recent proof.",
    )
    cancel_account_deletion: CancelAccountDeletionResult = strawberry.mutation(
        resolver=privacy.cancel_account_deletion,
        description="Keeps the account after requestAccountDeletion. Repeating the mutation is safe.",
    )
    update_account: UpdateAccountResult = strawberry.mutation(
        resolver=preferences.update_account, description="Sets the language of mails to the account."
    )
    forget_device: ForgetDeviceResult = strawberry.mutation(
        resolver=remembered_devices.forget_device,
        description="Forgets a device on which login skips the second step. Its session stays.",
    )
    rename_session: RenameSessionResult = strawberry.mutation(
        resolver=sessions.rename_session, description="Names the device of a session, so that its owner recognizes it."
    )
    revoke_session: RevokeSessionResult = strawberry.mutation(
        resolver=sessions.revoke_session, description="Ends one session of the account immediately."
    )
    revoke_other_sessions: RevokeOtherSessionsResult = strawberry.mutation(
        resolver=sessions.revoke_other_sessions, description="Ends all sessions of the account except the current one."
    )
    create_access_token: CreateAccessTokenResult = strawberry.mutation(
        resolver=access_tokens.create_access_token,
        description="Creates a signed token by which another API recognizes the account, without asking this service.",
    )
    verify_session: VerifySessionResult = strawberry.mutation(
        resolver=verification.verify_session,
        description="For API clients with the scope `accounts:read`: returns the account behind a person's session or "
        "access token (like RFC 7662). It changes nothing, and does not count as a use of the session.",
    )
    configure_company: ConfigureCompanyResult = strawberry.mutation(
        resolver=company.configure_company,
        description="Step 3: sets or changes the company data that the account invoices with.",
    )
    create_series: CreateSeriesResult = strawberry.mutation(
        resolver=series.create_series,
        description="Step 3: adds an invoice series. The first series completes the step.",
    )
    update_series: UpdateSeriesResult = strawberry.mutation(
        resolver=series.update_series,
        description="Replaces the data of a series. Once folios have been issued, name and firstFolio cannot change, "
        "and lastFolio cannot go below the last issued folio.",
    )
    delete_series: DeleteSeriesResult = strawberry.mutation(
        resolver=series.delete_series,
        description="Deletes a series. It must have no issued folios, and must not be the only series.",
    )
    start_pay_pal_payment: StartPayPalPaymentResult = strawberry.mutation(
        resolver=payments.start_pay_pal_payment,
        description="Step 4 with PayPal: creates an order for the payer to approve on PayPal's page. A repeated "
        "request for the same plan returns the same order while that is fresh; a request for another plan replaces it.",
    )
    complete_pay_pal_payment: CompletePayPalPaymentResult = strawberry.mutation(
        resolver=payments.complete_pay_pal_payment,
        description="Captures the payment of an approved order, exactly once, and activates the account.",
    )
    request_bank_deposit: RequestBankDepositResult = strawberry.mutation(
        resolver=payments.request_bank_deposit,
        description="Step 4 with a bank deposit: issues a payment reference. The account is activated once the "
        "operator confirms the deposit. A repeated request for the same plan returns the same reference with a new "
        "deadline; a request for another plan, or after a price change, voids it and issues a new one.",
    )
    cancel_bank_deposit: CancelBankDepositResult = strawberry.mutation(
        resolver=payments.cancel_bank_deposit,
        description="Cancels a requested deposit, which voids its reference. Money that arrives with it after all "
        "counts once the operator decides so. Repeating the mutation is safe.",
    )
    reserve_invoice: ReserveInvoiceResult = strawberry.mutation(
        resolver=invoices.reserve_invoice,
        description="Takes the next folio of a series and a stamp for one invoice, both or neither. Repeating it with "
        "the same requestId is safe and returns the same. Only for API clients with the scope invoices:write.",
    )
    confirm_invoice: ConfirmInvoiceResult = strawberry.mutation(
        resolver=invoices.confirm_invoice,
        description="Records the UUID of a reserved invoice that was stamped. Repeating it is safe. Only for API "
        "clients with the scope invoices:write.",
    )
    release_invoice: ReleaseInvoiceResult = strawberry.mutation(
        resolver=invoices.release_invoice,
        description="Gives back the stamp of a reserved invoice that will never be stamped. Its folio stays unused, "
        "as in Series.skippedFolios, unless it is still the last one taken: then it returns to the series. Repeating "
        "it is safe. Only for API clients with the scope invoices:write.",
    )


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[UserError],
    config=StrawberryConfig(scalar_map={datetime: DATE_TIME, BigInt: BIG_INT}),
)

# Strawberry's own resolver fails for lists and non-null types.
cast(GraphQLObjectType, introspection_types["__Type"]).fields["isOneOf"].resolve = TypeFields.is_one_of

# Strawberry checks @oneOf in a rule of its own endpoint, and else only when a resolver gets the value.
for type_ in schema._schema.type_map.values():
    if isinstance(type_, GraphQLInputObjectType):
        type_.is_one_of = type_.extensions["strawberry-definition"].is_one_of
