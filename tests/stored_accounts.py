"""Accounts and companies written straight to the database: the API would take requests, hashes and mails."""

from typing import Any
from uuid import uuid4

from models.account import Account
from models.company import Company
from services.common.clock import utc_now
from tests.forms import COMPANY, EMAIL, RFC


async def store_account(email: str = EMAIL, **columns: Any) -> Account:
    """A confirmed account, without a password unless one is given."""
    now = utc_now()
    row = {
        "id": uuid4(),
        "email_key": email.lower(),
        "email": email,
        "rfc": RFC,
        "language": "es",
        "created_at": now,
        "confirmed_at": now,
        "updated_at": now,
    }
    return await Account.create(**{**row, **columns})


async def store_company(account: Account, **columns: Any) -> Company:
    row = {
        "id": uuid4(),
        "account_id": account.id,
        "legal_name": COMPANY["legalName"],
        "tax_regime": COMPANY["taxRegime"],
        "postal_code": COMPANY["postalCode"],
        "updated_at": utc_now(),
    }
    return await Company.create(**{**row, **columns})
