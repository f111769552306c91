"""The tabs of GraphiQL: the operations in the order in which a new account needs them, with variables that work.

`<series.id>` stands for the `id` of the last `series` in an answer, and `<mail.code>` for the code of the last mail:
graphiql.js replaces both before it sends a request.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_EMAIL = "ana@example.com"
_PASSWORD = "una frase larga"  # noqa: S105
_REQUEST, _UUID = "3f2b8c1e-5a77-4d39-9c64-0e1f2a3b4c5d", "b1a7c2d3-94e5-4f60-8a1b-2c3d4e5f6071"
_NO_TOKEN = "the token of a session"  # noqa: S105
_NEW_PASSWORD = "otra frase larga"  # noqa: S105


def tabs(operations: Mapping[str, str], plan_id: str) -> list[dict[str, Any]]:
    """Returns the documents with their variables. Operations that are not known here come last, without variables."""
    inputs = dict(_inputs(plan_id))
    names = [name for name in inputs if name in operations] + sorted(operations.keys() - inputs.keys())
    return [{"query": operations[name], "variables": inputs.get(name)} for name in names]


def _inputs(plan_id: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    yield "PasswordPolicy", None
    yield "PrivacyNotice", None
    account = {"rfc": "EKU9003173C9", "email": _EMAIL, "password": _PASSWORD, "passwordConfirmation": _PASSWORD}
    yield "CreateAccount", _input(**account)
    yield "ResendConfirmationCode", _input(email=_EMAIL)
    yield "ConfirmAccount", _input(code="<mail.code>")
    yield "Login", _input(email=_EMAIL, password=_PASSWORD, transport="COOKIE")
    yield "Me", None
    yield "TaxRegimes", {"taxpayerType": "PERSONA_MORAL"}
    yield "ConfigureCompany", _input(legalName="ESCUELA KEMPER URGATE", taxRegime="601", postalCode="26015")
    yield "CreateSeries", _input(name="A", firstFolio="1")
    yield "UpdateSeries", _input(id="<series.id>", name="B", firstFolio="100")
    yield "Company", None
    yield "Plans", None
    yield "PaymentMethods", None
    yield "StartPayPalPayment", _input(planId=plan_id)
    yield "CompletePayPalPayment", _input(orderId="<startPayPalPayment.orderId>")
    yield "RequestBankDeposit", _input(planId=plan_id)
    yield "Payment", None
    yield "CancelBankDeposit", _input(id="<openDeposit.id>")
    yield "CreateAccessToken", _input(audience="https://api.example.mx")
    yield "VerifySession", _input(token=_NO_TOKEN)
    yield "Account", {"by": {"email": _EMAIL}}
    yield "Accounts", {"first": 10, "after": None, "updatedSince": None}
    yield "ReserveInvoice", _input(accountId="<account.id>", seriesId="<series.id>", requestId=_REQUEST)
    yield "Invoice", {"requestId": _REQUEST}
    yield "ConfirmInvoice", _input(requestId=_REQUEST, uuid=_UUID)
    yield "ReleaseInvoice", _input(requestId=_REQUEST)
    yield "OpenReservations", {"first": 10, "after": None, "olderThanHours": 0}
    yield "Events", {"after": None, "first": 10, "types": None}
    yield "CreateCaptcha", None
    yield "CaptchaAudio", {"id": "<captcha.id>"}
    yield "RecoverPassword", _input(email=_EMAIL, captcha={"id": "<captcha.id>", "answer": ""})
    passwords = {"newPassword": _NEW_PASSWORD, "newPasswordConfirmation": _NEW_PASSWORD}
    yield "ChangePassword", _input(currentPassword=_PASSWORD, **passwords)
    yield "Reauthenticate", _input(password=_NEW_PASSWORD)
    yield "EnrollTotp", None
    yield "ConfirmTotp", _input(oneTimeCode="123456")
    yield "VerifySecondFactor", _input(challenge="<login.challenge>", oneTimeCode="123456")
    yield "CreateRecoveryCodes", None
    yield "RemoveSecondFactor", None
    yield "BeginPasskeyLogin", None
    yield "LoginWithPasskey", _input(credential="<navigator.credentials.get>")
    yield "BeginPasskeyRegistration", None
    yield "AddPasskey", _input(credential="<navigator.credentials.create>", nickname="Laptop")
    yield "Passkeys", None
    yield "RenamePasskey", _input(id="<passkeys.id>", nickname="Oficina")
    yield "BeginPasskeyProof", None
    yield "RequirePasskey", None
    yield "RemovePasskey", _input(id="<passkeys.id>")
    yield "ChangeEmail", _input(email="ana.nueva@example.com")
    yield "ConfirmEmail", _input(code="<mail.code>")
    yield "RevertEmail", _input(code="<mail.code>")
    yield "ChangeRfc", _input(rfc="H&E951128469")
    yield "AcceptedPrivacyNotice", None
    yield "AcceptPrivacyNotice", _input(version="<privacyNotice.version>")
    yield "UpdateAccount", _input(language="EN")
    yield "SecurityEvents", {"after": None, "first": 10}
    yield "DeleteSeries", _input(id="<series.id>")
    yield "ForgetDevice", _input(id="<rememberedDevices.id>")
    yield "RenameSession", _input(id="<sessions.id>", deviceName="Laptop")
    yield "RevokeSession", _input(id="<sessions.id>")
    yield "RevokeOtherSessions", None
    yield "ExportAccount", None
    yield "RequestAccountDeletion", None
    yield "CancelAccountDeletion", None
    yield "Logout", None


def _input(**fields: Any) -> dict[str, Any]:
    return {"input": fields}
