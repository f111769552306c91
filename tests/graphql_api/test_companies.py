"""Configuring the company, the first half of step 3 of onboarding."""

import asyncio
import re

from models.company import Company
from services.accounts.rfc import Rfc, parse_rfc
from services.common.clock import utc_now
from tests.actors import OPERATOR
from tests.api import Api
from tests.companies import problems, signed_in
from tests.forms import COMPANY, EMAIL
from tests.paypal.payers import PLAN
from tests.statements import statements_run
from tests.stores import ON_SQLITE

PERSON = {"rfc": "GODE561231GR8"}
PERSONAL = {"legalName": "EMMA GOMEZ DIAZ", "taxRegime": "612", "postalCode": "06300"}


async def test_a_company_is_null_until_it_is_configured(api: Api) -> None:
    me = await signed_in(api)
    before = (await me.run("Company"))["company"]

    configured = await me.act("ConfigureCompany", **COMPANY)

    after = (await me.run("Company"))["company"]
    assert before is None
    assert configured["__typename"] == "ConfigureCompanySuccess"
    assert configured["message"] == "Guardamos los datos de tu empresa."
    assert configured["company"]["warnings"] == []
    assert after == {**configured["company"], "series": []}
    assert {**{key: after[key] for key in COMPANY}, "taxRegime": after["taxRegime"]["code"]} == COMPANY
    assert after["taxRegime"] in await api.run("TaxRegimes")


async def test_another_type_of_taxpayer_does_step_3_again_before_paying_and_keeps_the_series(api: Api) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)
    await me.act("CreateSeries", name="A", firstFolio="1")
    rfc = parse_rfc(PERSON["rfc"])
    assert isinstance(rfc, Rfc)

    await api.composition.support.set_rfc(OPERATOR, EMAIL, rfc)
    before = await me.run("Company")
    step = (await me.run("Me"))["onboarding"]["currentStep"]
    payment = await me.act("RequestBankDeposit", planId=PLAN)
    await me.act("ConfigureCompany", **PERSONAL)
    after = await me.run("Company")

    assert (before["company"], step) == (None, "CONFIGURE_COMPANY")
    assert payment["__typename"] == "OnboardingIncompleteError"
    assert [series["name"] for series in after["company"]["series"]] == ["A"]
    assert (await me.run("Me"))["onboarding"]["currentStep"] == "SELECT_PAYMENT_METHOD"


@ON_SQLITE
async def test_company_data_alone_does_not_complete_the_step(api: Api) -> None:
    me = await signed_in(api)

    await me.act("ConfigureCompany", **COMPANY)

    assert (await me.run("Me"))["onboarding"]["currentStep"] == "CONFIGURE_COMPANY"


async def test_configuring_again_changes_the_only_company(api: Api) -> None:
    me = await signed_in(api)
    start = utc_now()
    first = await me.act("ConfigureCompany", **COMPANY)

    again = await me.act("ConfigureCompany", legalName=" XOCHILT  CASAS\n", taxRegime="626", postalCode="36257")

    (company,) = await Company.all()
    assert (company.legal_name, company.tax_regime, company.postal_code) == ("XOCHILT CASAS", "626", "36257")
    assert start < company.updated_at
    assert first["company"]["updatedAt"] <= again["company"]["updatedAt"]
    assert (await me.run("Company"))["company"] == {**again["company"], "series": []}


async def test_concurrent_configurations_all_succeed_and_leave_one_company(api: Api) -> None:
    me = await signed_in(api)

    answers = await asyncio.gather(
        *(me.act("ConfigureCompany", **{**COMPANY, "postalCode": f"0000{number}"}) for number in range(8))
    )

    assert {answer["__typename"] for answer in answers} == {"ConfigureCompanySuccess"}
    assert await Company.all().count() == 1


@ON_SQLITE
async def test_a_warning_stays_with_the_company_until_it_is_corrected(api: Api) -> None:
    me = await signed_in(api)

    configured = await me.act("ConfigureCompany", **{**COMPANY, "legalName": "Escuela Kemper S.A. de C.V."})
    reloaded = (await me.run("Company"))["company"]
    await me.act("ConfigureCompany", **COMPANY)

    codes = [warning["code"] for warning in configured["company"]["warnings"]]
    assert codes == ["LEGAL_FORM_IN_NAME", "LOWER_CASE_IN_NAME"]
    assert reloaded["warnings"] == configured["company"]["warnings"]
    assert reloaded["legalName"] == configured["company"]["legalName"] == "Escuela Kemper S.A. de C.V."
    assert (await me.run("Company"))["company"]["warnings"] == []


WARNINGS_FOR_COMPANIES = {
    "ESCUELA KEMPER URGATE S.A. DE C.V.": ["LEGAL_FORM_IN_NAME"],
    "CAFÉ DE MÉXICO": ["ACCENT_IN_NAME"],
    "LA “CASA” DE O’HARA": ["TYPOGRAPHIC_SIGN_IN_NAME"],
    "PEREZ &amp; HIJOS": ["HTML_ENTITY_IN_NAME"],
    "PE&#209;A &quot;SOL&quot;": ["HTML_ENTITY_IN_NAME"],
    "DISEÑOS & MUÑECAS": [],
    "GÜEMES": [],
    'LA "CASA" DE O\'HARA': [],
}
WARNINGS_FOR_PEOPLE = {
    "Emma Gomez Diaz": ["LOWER_CASE_IN_NAME"],
    "EMMA GOMEZ DiAZ": ["LOWER_CASE_IN_NAME"],
    "EMMA GOMEZ DE la O": ["LOWER_CASE_IN_NAME"],
    "MARIA SA": [],
}
ADVICE = {"LOWER_CASE_IN_NAME": "mayúsculas"}


@ON_SQLITE
async def test_an_unusual_name_is_kept_with_a_warning_that_gives_advice(api: Api) -> None:
    company = await signed_in(api)
    person = await signed_in(api, email="emma@example.com", **PERSON)

    for_companies = {name: await _warned(company, {**COMPANY, "legalName": name}) for name in WARNINGS_FOR_COMPANIES}
    for_people = {name: await _warned(person, {**PERSONAL, "legalName": name}) for name in WARNINGS_FOR_PEOPLE}

    assert for_companies == WARNINGS_FOR_COMPANIES
    assert for_people == WARNINGS_FOR_PEOPLE


async def _warned(me: Api, form: dict[str, str]) -> list[str]:
    """The codes of the warnings, once it is clear that the name was kept and each warning advises."""
    configured = await me.act("ConfigureCompany", **form)
    kept = (await me.run("Company"))["company"]
    assert kept["legalName"] == configured["company"]["legalName"] == form["legalName"]
    assert kept["warnings"] == configured["company"]["warnings"]
    silent = [
        warning
        for warning in configured["company"]["warnings"]
        if ADVICE.get(warning["code"], "Constancia de Situación Fiscal") not in warning["message"]
    ]
    assert silent == []
    return [warning["code"] for warning in configured["company"]["warnings"]]


@ON_SQLITE
async def test_every_wrong_field_is_reported_at_once_and_nothing_is_kept(api: Api) -> None:
    me = await signed_in(api)

    refused = await me.act("ConfigureCompany", legalName=" ", taxRegime="999", postalCode="2601")

    assert problems(refused) == [
        ("legalName", "MISSING"),
        ("taxRegime", "NOT_IN_CATALOGUE"),
        ("postalCode", "MALFORMED"),
    ]
    assert not await Company.exists()


WRONG = {
    ("legalName", "A|B"): "FORBIDDEN_CHARACTER",
    ("legalName", "A\0B"): "FORBIDDEN_CHARACTER",
    ("legalName", "A\x1bB"): "FORBIDDEN_CHARACTER",
    ("legalName", "A" * 301): "TOO_LONG",
    ("legalName", ""): "MISSING",
    ("legalName", "\u3164"): "MISSING",
    ("taxRegime", " "): "MISSING",
    ("postalCode", ""): "MISSING",
    ("taxRegime", "612"): "NOT_FOR_TAXPAYER_TYPE",
    ("taxRegime", "601\0"): "FORBIDDEN_CHARACTER",
    ("postalCode", "\0"): "FORBIDDEN_CHARACTER",
}


@ON_SQLITE
async def test_a_wrong_field_is_named_and_leaves_the_company_as_it_was(api: Api) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)
    (before,) = await Company.all().values()

    refused = {
        (field, value): problems(await me.act("ConfigureCompany", **{**COMPANY, field: value}))
        for field, value in WRONG
    }

    assert refused == {(field, value): [(field, code)] for (field, value), code in WRONG.items()}
    assert await Company.all().values() == [before]


@ON_SQLITE
async def test_people_and_companies_have_different_regimes(api: Api) -> None:
    me = await signed_in(api, **PERSON)

    of_a_company = await me.act("ConfigureCompany", **{**PERSONAL, "taxRegime": "601"})
    of_a_person = await me.act("ConfigureCompany", **PERSONAL)

    assert problems(of_a_company) == [("taxRegime", "NOT_FOR_TAXPAYER_TYPE")]
    assert of_a_person["__typename"] == "ConfigureCompanySuccess"


@ON_SQLITE
async def test_configuring_a_company_needs_a_session(api: Api) -> None:
    refused = await api.act("ConfigureCompany", **COMPANY)

    assert refused["__typename"] == "NotAuthenticatedError"
    assert await api.run("Company") is None


async def test_a_mailed_password_neither_shows_nor_changes_the_company(api: Api) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)
    restricted = api.signed_in(await api.token(password=await api.recover()))

    shown = (await restricted.run("Company"))["company"]
    refused = await restricted.act("ConfigureCompany", **{**COMPANY, "postalCode": "00000"})

    assert shown is None
    assert refused["__typename"] == "PasswordChangeRequiredError"
    assert (await Company.get()).postal_code == COMPANY["postalCode"]


async def test_each_account_has_its_own_company(api: Api) -> None:
    ana = await signed_in(api)
    eva = await signed_in(api, email="eva@example.com")
    await ana.act("ConfigureCompany", **COMPANY)
    await eva.act("ConfigureCompany", **{**COMPANY, "legalName": "EVA"})

    names = [(await who.run("Company"))["company"]["legalName"] for who in (ana, eva)]

    assert names == [COMPANY["legalName"], "EVA"]


@ON_SQLITE
async def test_the_company_is_looked_up_only_if_it_is_selected(api: Api) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)

    with statements_run() as statements:
        await me.run("Me")

    assert [statement.text for statement in statements if re.search(r"\bcompany\b", statement.text)] == []


@ON_SQLITE
async def test_anybody_may_read_the_tax_regimes_of_either_taxpayer_type(api: Api) -> None:
    every = await api.run("TaxRegimes")
    fisica = await api.run("TaxRegimes", {"taxpayerType": "PERSONA_FISICA"})
    moral = await api.run("TaxRegimes", {"taxpayerType": "PERSONA_MORAL"})

    assert every[0] == {
        "id": "601",
        "code": "601",
        "description": "General de Ley Personas Morales",
        "taxpayerTypes": ["PERSONA_MORAL"],
    }
    assert moral == [regime for regime in every if "PERSONA_MORAL" in regime["taxpayerTypes"]]
    assert fisica == [regime for regime in every if "PERSONA_FISICA" in regime["taxpayerTypes"]]
    assert await api.run("TaxRegimes", {"taxpayerType": None}) == every
