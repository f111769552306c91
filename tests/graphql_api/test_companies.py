"""Step 3, first half: the company's data."""

import asyncio

import pytest

from models.company import Company
from services.common.clock import utc_now
from tests.api import COMPANY, Api
from tests.companies import signed_in
from tests.statements import statements_run

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
    assert configured["warnings"] == []
    assert after == {**configured["company"], "warnings": [], "series": []}
    assert {key: after[key] for key in COMPANY} == COMPANY


async def test_company_data_alone_do_not_complete_the_step(api: Api) -> None:
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
    assert (await me.run("Company"))["company"] == {**again["company"], "warnings": [], "series": []}


async def test_of_many_at_once_all_succeed_and_leave_one_company(api: Api) -> None:
    me = await signed_in(api)

    answers = await asyncio.gather(
        *(me.act("ConfigureCompany", **{**COMPANY, "postalCode": f"0000{number}"}) for number in range(8))
    )

    assert {answer["__typename"] for answer in answers} == {"ConfigureCompanySuccess"}
    assert await Company.all().count() == 1


async def test_a_regimen_societario_in_the_name_is_kept_with_a_warning(api: Api) -> None:
    me = await signed_in(api)

    configured = await me.act("ConfigureCompany", **{**COMPANY, "legalName": "ESCUELA KEMPER URGATE S.A. DE C.V."})

    (warning,) = configured["warnings"]
    assert warning["code"] == "LEGAL_FORM_IN_NAME"
    assert "Constancia de Situación Fiscal" in warning["message"]
    assert configured["company"]["legalName"] == "ESCUELA KEMPER URGATE S.A. DE C.V."
    assert (await me.run("Company"))["company"]["legalName"] == "ESCUELA KEMPER URGATE S.A. DE C.V."


async def test_what_is_conspicuous_shows_until_it_is_mended(api: Api) -> None:
    me = await signed_in(api)

    configured = await me.act("ConfigureCompany", **{**COMPANY, "legalName": "Escuela Kemper S.A. de C.V."})
    reloaded = (await me.run("Company"))["company"]["warnings"]
    await me.act("ConfigureCompany", **COMPANY)

    assert [warning["code"] for warning in reloaded] == ["LEGAL_FORM_IN_NAME", "LOWER_CASE_IN_NAME"]
    assert reloaded == configured["warnings"]
    assert (await me.run("Company"))["company"]["warnings"] == []


@pytest.mark.parametrize("name", ["Emma Gomez Diaz", "EMMA GOMEZ DiAZ", "EMMA GOMEZ DE la O"])
async def test_small_letters_in_a_persons_name_are_kept_with_a_warning(api: Api, name: str) -> None:
    me = await signed_in(api, **PERSON)

    configured = await me.act("ConfigureCompany", **{**PERSONAL, "legalName": name})

    (warning,) = configured["warnings"]
    assert warning["code"] == "LOWER_CASE_IN_NAME"
    assert "mayúsculas" in warning["message"]
    assert configured["company"]["legalName"] == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("CAFÉ DE MÉXICO", "ACCENT_IN_NAME"),
        ("LA “CASA” DE O’HARA", "TYPOGRAPHIC_SIGN_IN_NAME"),
        ("PEREZ &amp; HIJOS", "HTML_ENTITY_IN_NAME"),
        ("PE&#209;A &quot;SOL&quot;", "HTML_ENTITY_IN_NAME"),
    ],
)
async def test_what_the_sat_hardly_registers_is_kept_with_a_warning(api: Api, name: str, code: str) -> None:
    me = await signed_in(api)

    configured = await me.act("ConfigureCompany", **{**COMPANY, "legalName": name})

    (warning,) = configured["warnings"]
    assert warning["code"] == code
    assert "Constancia de Situación Fiscal" in warning["message"]
    assert configured["company"]["legalName"] == name
    assert (await me.run("Company"))["company"]["warnings"] == [warning]


@pytest.mark.parametrize("name", ["DISEÑOS & MUÑECAS", "GÜEMES", 'LA "CASA" DE O\'HARA'])
async def test_enye_diaeresis_ampersand_and_straight_quotes_are_not_conspicuous(api: Api, name: str) -> None:
    me = await signed_in(api)

    assert (await me.act("ConfigureCompany", **{**COMPANY, "legalName": name}))["warnings"] == []


async def test_a_person_who_is_called_sa_is_warned_of_nothing(api: Api) -> None:
    me = await signed_in(api, **PERSON)

    configured = await me.act("ConfigureCompany", **{**PERSONAL, "legalName": "MARIA SA"})

    assert configured["warnings"] == []


async def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_kept(api: Api) -> None:
    me = await signed_in(api)

    refused = await me.act("ConfigureCompany", legalName=" ", taxRegime="999", postalCode="2601")

    assert refused["__typename"] == "InvalidInputError"
    assert [(each["field"], each["code"]) for each in refused["fields"]] == [
        ("legalName", "MISSING"),
        ("taxRegime", "NOT_IN_CATALOGUE"),
        ("postalCode", "MALFORMED"),
    ]
    assert not await Company.exists()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("legalName", "A|B", "FORBIDDEN_CHARACTER"),
        ("legalName", "A\0B", "FORBIDDEN_CHARACTER"),
        ("legalName", "A\x1bB", "FORBIDDEN_CHARACTER"),
        ("legalName", "A" * 301, "TOO_LONG"),
        ("legalName", "", "MISSING"),
        ("legalName", "\u3164", "MISSING"),
        ("taxRegime", " ", "MISSING"),
        ("postalCode", "", "MISSING"),
        ("taxRegime", "612", "NOT_FOR_TAXPAYER_TYPE"),
        ("taxRegime", "601\0", "FORBIDDEN_CHARACTER"),
        ("postalCode", "\0", "FORBIDDEN_CHARACTER"),
    ],
)
async def test_a_wrong_field_is_named_and_leaves_the_company_as_it_was(
    api: Api, field: str, value: str, code: str
) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)

    refused = await me.act("ConfigureCompany", **{**COMPANY, field: value})

    company = (await me.run("Company"))["company"]
    assert [(each["field"], each["code"]) for each in refused["fields"]] == [(field, code)]
    assert {key: company[key] for key in COMPANY} == COMPANY


async def test_a_persons_regimes_are_others_than_a_companys(api: Api) -> None:
    me = await signed_in(api, **PERSON)

    of_a_company = await me.act("ConfigureCompany", **{**PERSONAL, "taxRegime": "601"})
    of_a_person = await me.act("ConfigureCompany", **PERSONAL)

    assert [each["code"] for each in of_a_company["fields"]] == ["NOT_FOR_TAXPAYER_TYPE"]
    assert of_a_person["__typename"] == "ConfigureCompanySuccess"


async def test_who_is_not_signed_in_configures_nothing(api: Api) -> None:
    refused = await api.act("ConfigureCompany", **COMPANY)

    assert refused["__typename"] == "NotAuthenticatedError"
    assert await api.run("Company") is None


async def test_with_a_mailed_password_a_company_is_neither_shown_nor_changed(api: Api) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)
    restricted = api.signed_in(await api.token(password=await api.recover()))

    shown = (await restricted.run("Company"))["company"]
    refused = await restricted.act("ConfigureCompany", **{**COMPANY, "postalCode": "00000"})

    assert shown is None
    assert refused["__typename"] == "PasswordChangeRequiredError"
    assert (await Company.get()).postal_code == COMPANY["postalCode"]


async def test_each_account_has_its_own(api: Api) -> None:
    ana = await signed_in(api)
    eva = await signed_in(api, email="eva@example.com")
    await ana.act("ConfigureCompany", **COMPANY)
    await eva.act("ConfigureCompany", **{**COMPANY, "legalName": "EVA"})

    names = [(await who.run("Company"))["company"]["legalName"] for who in (ana, eva)]

    assert names == [COMPANY["legalName"], "EVA"]


async def test_the_company_is_looked_up_only_where_it_is_selected(api: Api) -> None:
    me = await signed_in(api)
    await me.act("ConfigureCompany", **COMPANY)

    with statements_run() as statements:
        await me.run("Me")

    assert [statement.text for statement in statements if "company" in statement.text] == []


async def test_anybody_may_read_the_tax_regimes_of_either_kind(api: Api) -> None:
    every = await api.run("TaxRegimes")
    fisica = await api.run("TaxRegimes", {"taxpayerType": "PERSONA_FISICA"})
    moral = await api.run("TaxRegimes", {"taxpayerType": "PERSONA_MORAL"})

    assert every[0] == {
        "code": "601",
        "description": "General de Ley Personas Morales",
        "taxpayerTypes": ["PERSONA_MORAL"],
    }
    assert moral == [regime for regime in every if "PERSONA_MORAL" in regime["taxpayerTypes"]]
    assert fisica == [regime for regime in every if "PERSONA_FISICA" in regime["taxpayerTypes"]]
    assert await api.run("TaxRegimes", {"taxpayerType": None}) == every
