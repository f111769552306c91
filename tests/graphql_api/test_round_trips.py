"""How often an operation waits for the database, so that no change adds statements unnoticed."""

from typing import Any

import pytest

from tests.api import Api
from tests.forms import EMAIL, PASSWORD, REGISTRATION, WRONG_PASSWORD
from tests.statements import commits, statements_run

LOGIN = "mutation Login($input: LoginInput!) { login(input: $input) { __typename } }"
CREATE_ACCOUNT = "mutation CreateAccount($input: CreateAccountInput!) { createAccount(input: $input) { __typename } }"
# The document and its input, the number of statements without BEGIN and COMMIT, and the number of commits.
COSTS: dict[str, tuple[str, dict[str, Any], int, int]] = {
    "me": ("query Me { me { id email } }", {}, 1, 1),
    "a captcha": ("mutation CreateCaptcha { createCaptcha { __typename } }", {}, 1, 1),
    "a right password": (LOGIN, {"email": EMAIL, "password": PASSWORD}, 9, 5),
    "a wrong password": (LOGIN, {"email": EMAIL, "password": WRONG_PASSWORD}, 5, 5),
    "an unknown e-mail": (LOGIN, {"email": "eva@example.com", "password": PASSWORD}, 5, 5),
    "a registration": (CREATE_ACCOUNT, {**REGISTRATION, "email": "eva@example.com"}, 7, 2),
}


@pytest.mark.parametrize("stores", ["sqlite", "postgresql"])  # Redis would count the limits
@pytest.mark.parametrize("what", COSTS)
async def test_an_operation_needs_few_statements_and_commits(api: Api, what: str) -> None:
    document, form, expected, expected_commits = COSTS[what]
    await api.account()
    token = await api.token()  # the first login also remembers that there are known devices
    headers = {} if form else api.signed_in(token).headers
    body = {"query": document, "variables": {"input": form} if form else {}}

    with statements_run() as statements:
        response = await api.http.post("/graphql", json=body, headers=headers)

    assert "errors" not in response.json()
    texts = [each.text for each in statements]
    assert (len(statements), commits(statements)) == (expected, expected_commits), texts


@pytest.mark.parametrize("stores", ["sqlite", "postgresql"])
async def test_a_back_end_needs_three_statements_to_look_an_account_up(api: Api) -> None:
    await api.account()
    client = api.signed_in(await api.api_client())
    query = f'{{ account(by: {{email: "{EMAIL}"}}) {{ ... on AccountRecord {{ id activation {{ active }} }} }} }}'

    counts = []
    for _ in range(2):
        with statements_run() as statements:
            response = await api.http.post("/graphql", json={"query": query}, headers=client.headers)
        assert response.json()["data"]["account"]["id"]
        counts.append(len(statements))

    assert counts == [4, 3]  # the first also writes when the secret was last used
