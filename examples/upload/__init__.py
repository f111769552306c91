"""The back end of an invoicing product that stands on timbrado-accounts: README.md."""
