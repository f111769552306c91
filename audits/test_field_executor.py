"""The same as tests/app/test_field_executor.py, with other documents and more of them."""

from tests.app.test_field_executor import DOCUMENTS, compare


async def test_the_results_are_those_of_strawberrys_own_executor() -> None:
    await compare(range(DOCUMENTS, 4 * DOCUMENTS))
