"""How mails name the operator's service, as the settings say."""

from dataclasses import dataclass


def check_site_name(name: str) -> str:
    """Returns the name. Raises ValueError if mail programs would misread it."""
    if "=?" in name or not name.isprintable():
        raise ValueError("give a name of printable characters without =?")
    return name


@dataclass(frozen=True, slots=True)
class Site:
    """How the operator's service appears in mails. The URLs of the pages for codes have {code} in their
    fragments.
    """

    name: str
    url: str
    sender: str
    confirm_url: str | None = None
    confirm_email_url: str | None = None
    revert_email_url: str | None = None
    export_url: str | None = None
    recover_url: str | None = None
    support: str | None = None  # the address for replies

    def __post_init__(self) -> None:
        check_site_name(self.name)
