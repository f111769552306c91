"""Registers a company, confirms it with the code of its mail, logs in and reads the account.

    pip install --require-hashes -r requirements.lock
    python -m ariadne_codegen
    python sign_up.py http://127.0.0.1:8000/graphql ../../data/mail

The service runs in development, so its mails are files.
"""

import asyncio
import re
import secrets
import sys
from pathlib import Path

from accounts_client import (
    AccountFields,
    Client,
    ConfirmAccountConfirmAccountConfirmAccountSuccess,
    ConfirmAccountInput,
    CreateAccountCreateAccountCreateAccountSuccess,
    CreateAccountCreateAccountInvalidInputError,
    CreateAccountInput,
    LoginInput,
    LoginLoginLoginSuccess,
    MeMe,
)

PASSWORD = secrets.token_urlsafe()


async def register(client: Client, email: str) -> None:
    form = CreateAccountInput(rfc="EKU9003173C9", email=email, password=PASSWORD, passwordConfirmation=PASSWORD)
    match await client.create_account(form):
        case CreateAccountCreateAccountCreateAccountSuccess() as success:
            print(success.message)
        case CreateAccountCreateAccountInvalidInputError(fields=fields):
            raise SystemExit("\n".join(f"{wrong.field}: {wrong.message}" for wrong in fields))
        case failure:
            raise SystemExit(failure.message)


async def confirm(client: Client, code: str) -> None:
    match await client.confirm_account(ConfirmAccountInput(code=code)):
        case ConfirmAccountConfirmAccountConfirmAccountSuccess() as success:
            print(success.message)
        case failure:
            raise SystemExit(failure.message)


async def log_in(client: Client, email: str) -> str:
    match await client.login(LoginInput(email=email, password=PASSWORD)):
        case LoginLoginLoginSuccess(token=str(token)):
            return token
        case other:
            raise SystemExit(other.message)


async def read_account(url: str, token: str) -> MeMe:
    async with Client(url, headers={"Authorization": f"Bearer {token}"}) as client:
        me = await client.me()
    if me is None:
        raise SystemExit("The session has ended.")
    return me


def next_step(account: AccountFields) -> str:
    """Takes the account of any result: its class inherits from the fragment's."""
    step = account.onboarding.current_step
    return step.value if step else "none"


async def mailed_code(folder: Path, email: str) -> str:
    """Waits for the mail to the address. An app does without: the person types the code or follows its link."""
    for _ in range(100):
        if code := find_code(folder, email):
            return code
        await asyncio.sleep(0.1)
    raise SystemExit(f"There is no mail to {email} in {folder}.")


def find_code(folder: Path, email: str) -> str | None:
    mails = "".join(mail.read_text("utf-8") for mail in folder.glob(f"*-{email}.eml"))
    code = re.search(r"\b[2-9A-Z]{40}\b", mails)
    return code and code.group()


async def main(url: str, folder: Path) -> None:
    email = f"ana-{secrets.token_hex(4)}@example.com"
    async with Client(url, headers={"Accept-Language": "en"}) as client:
        await register(client, email)
        await confirm(client, await mailed_code(folder, email))
        token = await log_in(client, email)
    account = await read_account(url, token)
    print(f"{account.email}, member since {account.created_at:%Y-%m-%d}, next step: {next_step(account)}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
