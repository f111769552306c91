"""The same as tests/app/test_field_executor.py, with other documents and more of them."""

from tests.app.test_field_executor import DOCUMENTS, cancel_at_every_step, compare


async def test_the_results_are_those_of_strawberrys_own_executor() -> None:
    await compare(range(DOCUMENTS, 10 * DOCUMENTS))


async def test_a_query_that_is_cancelled_or_fails_leaves_no_field_that_was_never_awaited() -> None:
    await cancel_at_every_step(range(2_000))
