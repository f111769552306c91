"""updateAccount: the language of mails, and of what other APIs are told."""

import jwt

from models.audit_event import AuditEvent
from models.event import Event
from tests.access_tokens import AUDIENCE, ISSUER
from tests.api import Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import PASSWORD_CHANGE
from tests.stores import ON_SQLITE


async def test_mails_come_in_the_language_of_the_account(api: Api) -> None:
    me = await signed_in(api)

    updated = await me.act("UpdateAccount", language="EN")
    await me.act("ChangePassword", **PASSWORD_CHANGE)

    assert (updated["__typename"], updated["account"]["language"]) == ("UpdateAccountSuccess", "EN")
    assert updated["message"] == "Guardamos tus cambios."  # in the language of the request
    (mail,) = await api.mails()
    assert mail["Content-Language"] == "en"


@ON_SQLITE
async def test_other_apis_learn_the_language(make_api: MakeApi) -> None:
    api = await make_api(access_token_audiences=(AUDIENCE,), access_token_issuer=ISSUER)
    me = await signed_in(api)

    tokens = [(await me.act("CreateAccessToken", audience=AUDIENCE))["accessToken"]]
    await me.act("UpdateAccount", language="EN")
    tokens.append((await me.act("CreateAccessToken", audience=AUDIENCE))["accessToken"])

    claims = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    assert [each["locale"] for each in claims] == ["es", "en"]


async def test_only_another_language_is_recorded_and_published(api: Api) -> None:
    me = await signed_in(api)
    await Event.all().delete()

    answers = [await me.act("UpdateAccount", language=language) for language in ("ES", "EN", "EN")]

    assert {answer["__typename"] for answer in answers} == {"UpdateAccountSuccess"}
    (event,) = await Event.all()
    assert (event.type, event.details) == ("account.updated", {"changed": ["language"]})
    assert await AuditEvent.filter(kind="language_changed", actor="client", account_id=event.account_id).count() == 1


async def test_the_language_needs_a_session_that_may_do_everything(api: Api) -> None:
    await api.account()
    restricted = api.signed_in(await api.token(password=await api.recover()))

    answers = [await each.act("UpdateAccount", language="EN") for each in (api, restricted)]

    assert [answer["__typename"] for answer in answers] == ["NotAuthenticatedError", "PasswordChangeRequiredError"]
    assert (await restricted.run("Me"))["language"] == "ES"
