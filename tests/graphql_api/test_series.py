"""Creating series, the second half of step 3 of onboarding."""

import asyncio
from uuid import uuid4

from app.operations import OPERATIONS
from models.account import Account
from models.company import Company
from models.series import Series
from services.common.clock import utc_now
from services.company.series import MAX_SERIES
from tests.api import Api
from tests.calls import counted_calls
from tests.companies import configured, created, listed, problems, signed_in
from tests.samples import MAX_CALLS
from tests.stores import ON_SQLITE

MAX_BIG_INT = 2**63 - 1


async def _many(count: int) -> None:
    """Writes that many series of the only account."""
    account = await Account.get()
    made = [
        Series(id=uuid4(), account_id=account.id, name=f"N{n}", first_folio=1, last_taken=0, created_at=utc_now())
        for n in range(count)
    ]
    await Series.bulk_create(made)


async def test_a_series_begins_with_folio_1_and_has_no_end_by_default(api: Api) -> None:
    me = await configured(api)

    answer = await me.act("CreateSeries", name=" A \t1 ")

    series = answer["series"]
    assert answer["message"] == "Creamos la serie."
    assert {key: series[key] for key in series.keys() - {"id", "createdAt"}} == {
        "name": "A 1",
        "firstFolio": "1",
        "lastFolio": None,
        "nextFolio": "1",
        "remaining": None,
        "skippedFolios": [],
        "approvalNumber": None,
        "approvalYear": None,
    }
    assert await listed(me) == [series]


async def test_folios_may_be_sent_as_text_or_as_integers_and_come_back_as_text(api: Api) -> None:
    me = await configured(api)

    as_text = await created(
        me, name="A", firstFolio="0005", lastFolio=str(MAX_BIG_INT), approvalNumber="7", approvalYear=2010
    )
    as_integers = await created(me, name="B", firstFolio=5, lastFolio=MAX_BIG_INT, approvalNumber=7, approvalYear=2010)

    shared = as_text.keys() - {"id", "createdAt", "name"}
    assert {key: as_text[key] for key in shared} == {key: as_integers[key] for key in shared}
    assert (as_text["firstFolio"], as_text["lastFolio"]) == ("5", str(MAX_BIG_INT))
    assert as_text["remaining"] == str(MAX_BIG_INT - 4)
    assert (as_text["approvalNumber"], as_text["approvalYear"]) == ("7", 2010)


@ON_SQLITE
async def test_a_document_may_hold_literals_of_any_length(api: Api) -> None:
    me = await configured(api)
    document = (
        "mutation { createSeries(input: {name: %s, firstFolio: %s}) { __typename "
        "... on CreateSeriesSuccess { series { firstFolio } } ... on InvalidInputError { fields { field code } } } }"
    )

    answers = []
    for name, folio in (('"A"', "7"), ('"B"', '"8"'), ('"C"', "9" * 6_000), ('"D"', '"x"')):
        response = await me.http.post("/graphql", json={"query": document % (name, folio)}, headers=me.headers)
        answers.append(response.json()["data"]["createSeries"])

    assert [answer["__typename"] for answer in answers] == ["CreateSeriesSuccess"] * 2 + ["InvalidInputError"] * 2
    assert [answer["series"]["firstFolio"] for answer in answers[:2]] == ["7", "8"]
    assert [answer["fields"] for answer in answers[2:]] == [
        [{"field": "firstFolio", "code": "OUT_OF_RANGE"}],
        [{"field": "firstFolio", "code": "MALFORMED"}],
    ]


async def test_the_first_series_completes_step_3(api: Api) -> None:
    me = await configured(api)

    await created(me, name="A")

    onboarding = (await me.run("Me"))["onboarding"]
    assert onboarding["currentStep"] == "SELECT_PAYMENT_METHOD"
    assert onboarding["completedSteps"][-1] == "CONFIGURE_COMPANY"


async def test_a_later_series_does_not_change_the_stage(api: Api) -> None:
    me = await configured(api)
    await created(me, name="first")
    stages = ("configured", "active", "deactivated")

    kept = {}
    for stage in stages:
        await Account.all().update(stage=stage)
        await created(me, name=stage)
        kept[stage] = (await Account.get()).stage

    assert kept == {stage: stage for stage in stages}


async def test_a_refused_series_does_not_complete_step_3(api: Api) -> None:
    me = await configured(api)
    await _many(1)

    refused = await me.act("CreateSeries", name="N0", firstFolio=2)

    assert problems(refused) == [("name", "ALREADY_USED")]
    assert (await Account.get()).stage == "confirmed"


async def test_the_company_comes_first(api: Api) -> None:
    me = await signed_in(api)

    refused = await me.act("CreateSeries", name="A")

    assert refused["__typename"] == "CompanyNotConfiguredError"
    assert not await Series.exists()
    assert (await Account.get()).stage == "confirmed"


@ON_SQLITE
async def test_every_wrong_field_is_reported_at_once(api: Api) -> None:
    me = await configured(api)
    form = {"name": "A\0", "firstFolio": "x", "lastFolio": MAX_BIG_INT + 1, "approvalNumber": "x", "approvalYear": 1}

    refused = await me.act("CreateSeries", **form)
    refused_too = await me.act("UpdateSeries", id=str(uuid4()), **form)

    assert problems(refused) == problems(refused_too)
    assert problems(refused) == [
        ("name", "FORBIDDEN_CHARACTER"),
        ("firstFolio", "MALFORMED"),
        ("lastFolio", "OUT_OF_RANGE"),
        ("approvalNumber", "MALFORMED"),
        ("approvalYear", "OUT_OF_RANGE"),
    ]


async def test_each_name_even_the_empty_one_is_used_once_in_a_company(api: Api) -> None:
    ana = await configured(api)
    eva = await configured(api, email="eva@example.com")
    for name in ("A", ""):
        await created(ana, name=name)
        await created(eva, name=name)

    again = [await ana.act("CreateSeries", name=name, firstFolio=2) for name in (" A ", "")]
    renamed = await ana.act("UpdateSeries", id=(await created(ana, name="B"))["id"], name="A", firstFolio=1)

    assert [problems(refused) for refused in (*again, renamed)] == [[("name", "ALREADY_USED")]] * 3
    assert [series["name"] for series in await listed(ana)] == ["A", "", "B"]


async def test_names_that_differ_only_in_case_are_different(api: Api) -> None:
    me = await configured(api)

    for name in ("a", "A"):
        await created(me, name=name)

    assert [series["name"] for series in await listed(me)] == ["a", "A"]


@ON_SQLITE
async def test_empty_optional_fields_count_as_left_out(api: Api) -> None:
    me = await configured(api)

    series = await created(me, name="A", firstFolio="7", lastFolio="", approvalNumber=" ")
    refused = await me.act("CreateSeries", name="B", firstFolio="", lastFolio="")

    assert (series["lastFolio"], series["approvalNumber"]) == (None, None)
    assert problems(refused) == [("firstFolio", "MISSING")]


@ON_SQLITE
async def test_an_invalid_big_integer_is_refused_with_advice(api: Api) -> None:
    me = await configured(api)
    query = OPERATIONS["CreateSeries"]

    values: tuple[object, ...] = (1.5, True, [], {}, 2**64)
    messages = {}
    for value in values:
        body = {"query": query, "variables": {"input": {"name": "A", "firstFolio": value}}}
        response = await me.http.post("/graphql", json=body, headers=me.headers)
        (error,) = response.json()["errors"]
        messages[repr(value)] = error["message"]

    advice = "or an integer of up to 64 bits; send larger ones as strings."
    assert {value: message for value, message in messages.items() if advice not in message} == {}


async def test_concurrent_series_of_one_name_make_one(api: Api) -> None:
    me = await configured(api)

    answers = await asyncio.gather(*(me.act("CreateSeries", name="A", firstFolio=n) for n in range(1, 9)))

    names = sorted(answer["__typename"] for answer in answers)
    assert names == ["CreateSeriesSuccess"] + ["InvalidInputError"] * 7
    assert await Series.all().count() == 1


async def test_concurrent_first_series_are_all_made_and_complete_the_step(api: Api) -> None:
    me = await configured(api)

    answers = await asyncio.gather(*(me.act("CreateSeries", name=f"A{number}") for number in range(8)))

    assert {answer["__typename"] for answer in answers} == {"CreateSeriesSuccess"}
    assert (await Account.get()).stage == "configured"


async def test_there_are_never_more_series_than_the_maximum(api: Api) -> None:
    me = await configured(api)
    await _many(MAX_SERIES - 1)

    answers = await asyncio.gather(*(me.act("CreateSeries", name=f"A{number}") for number in range(8)))

    refused = [answer for answer in answers if answer["__typename"] == "SeriesLimitReachedError"]
    assert len(refused) == 7
    assert {answer["maximum"] for answer in refused} == {MAX_SERIES}
    assert "100 series" in refused[0]["message"]
    assert len(await listed(me)) == MAX_SERIES


@ON_SQLITE
async def test_listing_all_series_costs_less_than_the_worst_request(api: Api) -> None:
    me = await configured(api)
    await _many(MAX_SERIES)

    with counted_calls(MAX_CALLS) as counted:
        await me.run("Company")

    assert counted.number < MAX_CALLS


async def _each(me: Api, series_id: str) -> list[str]:
    answers = [
        await me.act("CreateSeries", name="C"),
        await me.act("UpdateSeries", id=series_id, name="C", firstFolio=1),
        await me.act("DeleteSeries", id=series_id),
    ]
    return [answer["__typename"] for answer in answers]


@ON_SQLITE
async def test_changing_series_needs_a_session(api: Api) -> None:
    me = await configured(api)
    series, _ = await created(me, name="A"), await created(me, name="B")

    names = await _each(api, series["id"])

    assert names == ["NotAuthenticatedError"] * 3
    assert [series["name"] for series in await listed(me)] == ["A", "B"]


@ON_SQLITE
async def test_a_mailed_password_changes_no_series(api: Api) -> None:
    me = await configured(api)
    series, _ = await created(me, name="A"), await created(me, name="B")
    restricted = api.signed_in(await api.token(password=await api.recover()))

    names = await _each(restricted, series["id"])

    assert names == ["PasswordChangeRequiredError"] * 3
    assert {one.name for one in await Series.all()} == {"A", "B"}


async def test_deleting_an_account_deletes_its_company_and_series(api: Api) -> None:
    me = await configured(api)
    await created(me, name="A")

    await Account.all().delete()

    assert await me.run("Company") is None
    assert (await Company.all().count(), await Series.all().count()) == (0, 0)


async def test_a_double_click_makes_one_series_and_succeeds_twice(api: Api) -> None:
    me = await configured(api)

    answers = await asyncio.gather(*(me.act("CreateSeries", name="A", firstFolio="5") for _ in range(2)))
    other = await me.act("CreateSeries", name="A", firstFolio="6")

    assert [answer["__typename"] for answer in answers] == ["CreateSeriesSuccess"] * 2
    assert answers[0]["series"] == answers[1]["series"]
    assert problems(other) == [("name", "ALREADY_USED")]
