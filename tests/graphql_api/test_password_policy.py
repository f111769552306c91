from tests.api import Api


async def test_a_form_can_show_the_password_rules_before_it_asks(api: Api) -> None:
    assert await api.run("PasswordPolicy") == {"minimumLength": 8, "maximumLength": 128}
