"""Changing and deleting series."""

import asyncio
from uuid import uuid4

from tests.api import Api
from tests.companies import configured, created, listed, problems, take


async def test_an_update_replaces_what_was_sent(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A", firstFolio=5, lastFolio=9, approvalNumber=7, approvalYear=2010)

    updated = await me.act("UpdateSeries", id=series["id"], name="B", firstFolio="3")

    expected = {**series, "name": "B", "firstFolio": "3", "nextFolio": "3", "lastFolio": None, "remaining": None}
    assert updated["message"] == "Guardamos los cambios de la serie."
    assert updated["series"] == {**expected, "approvalNumber": None, "approvalYear": None}
    assert await listed(me) == [updated["series"]]


async def test_an_update_may_repeat_the_current_values(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A", lastFolio=9)
    await take(me, series["id"])

    updated = await me.act("UpdateSeries", id=series["id"], name="A", firstFolio=1, lastFolio=9)

    assert updated["series"] == {**series, "nextFolio": "2", "remaining": "8"}


async def test_taken_folios_stay_in_the_series(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A", firstFolio=5, lastFolio=9)
    await take(me, series["id"], 3)

    refused = await me.act("UpdateSeries", id=series["id"], name="B", firstFolio=4, lastFolio=6)
    as_far_as_taken = await me.act("UpdateSeries", id=series["id"], name="A", firstFolio=5, lastFolio=7)

    assert problems(refused) == [(field, "FOLIOS_TAKEN") for field in ("name", "firstFolio", "lastFolio")]
    assert as_far_as_taken["series"] == {**series, "lastFolio": "7", "nextFolio": None, "remaining": "0"}


async def test_a_name_whose_folios_were_taken_cannot_start_over(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A")
    await take(me, series["id"])

    renamed = await me.act("UpdateSeries", id=series["id"], name="B", firstFolio=1)
    again = await me.act("CreateSeries", name="A")

    assert problems(renamed) == [("name", "FOLIOS_TAKEN")]
    assert "Deja el nombre" in renamed["fields"][0]["message"]
    assert problems(again) == [("name", "ALREADY_USED")]
    assert [one["name"] for one in await listed(me)] == ["A"]


async def test_moving_its_end_reopens_an_exhausted_series(api: Api) -> None:
    me = await configured(api)
    series = await created(me, name="A", lastFolio=1)
    await take(me, series["id"], 2)
    (used_up,) = await listed(me)

    updated = await me.act("UpdateSeries", id=series["id"], name="A", firstFolio=1)

    assert (used_up["nextFolio"], used_up["remaining"]) == (None, "0")
    assert (updated["series"]["nextFolio"], updated["series"]["remaining"]) == ("2", None)


async def test_an_unused_series_can_be_deleted(api: Api) -> None:
    me = await configured(api)
    first, second = await created(me, name="A"), await created(me, name="B")

    deleted = await me.act("DeleteSeries", id=first["id"])

    assert deleted["__typename"] == "DeleteSeriesSuccess"
    assert (deleted["message"], deleted["id"]) == ("Eliminamos la serie.", first["id"])
    assert await listed(me) == [second]


async def test_a_series_in_use_cannot_be_deleted(api: Api) -> None:
    me = await configured(api)
    used, _ = await created(me, name="A"), await created(me, name="B")
    await take(me, used["id"])

    refused = await me.act("DeleteSeries", id=used["id"])

    assert refused["__typename"] == "SeriesInUseError"
    assert len(await listed(me)) == 2


async def test_the_last_series_cannot_be_deleted_even_by_concurrent_requests(api: Api) -> None:
    me = await configured(api)
    await created(me, name="A")
    await created(me, name="B")

    answers = await asyncio.gather(*(me.act("DeleteSeries", id=series["id"]) for series in await listed(me)))

    assert sorted(answer["__typename"] for answer in answers) == ["DeleteSeriesSuccess", "LastSeriesError"]
    assert len(await listed(me)) == 1


async def test_series_of_others_and_invalid_ids_are_not_found(api: Api) -> None:
    ana = await configured(api)
    eva = await configured(api, email="eva@example.com")
    foreign = await created(eva, name="A")
    await created(eva, name="B")
    ids = (foreign["id"], str(uuid4()), "", "x", "\0", "1" * 10_000)

    updated = [await ana.act("UpdateSeries", id=one, name="C", firstFolio=1) for one in ids]
    deleted = [await ana.act("DeleteSeries", id=one) for one in ids]

    assert {answer["__typename"] for answer in (*updated, *deleted)} == {"SeriesNotFoundError"}
    assert [series["name"] for series in await listed(eva)] == ["A", "B"]
