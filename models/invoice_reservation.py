from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.account import Account
from models.indexes import PartialIndex


class InvoiceReservation(Model):
    """A folio and a stamp that an API client took for one invoice. It is kept, so that a repeated request is known.

    `request_id` is unique for the client. `open_since` equals `reserved_at` until the invoice is confirmed or released,
    and is null afterwards. `uuid` is the fiscal folio of a confirmed one. `skipped_folio` is the folio of a released
    one that the series keeps as used; it is null if the folio returned to the series.

    `series_name` and `stamps_left` are as they were then. Series and payment are no foreign keys: a series whose only
    folios returned may be deleted, and checking the keys would make other deletions read this table.
    """

    id = fields.UUIDField(primary_key=True)
    client_id = fields.UUIDField()
    request_id = fields.UUIDField()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "accounts.Account", related_name="reservations", on_delete=fields.CASCADE, db_index=True
    )
    account_id: UUID
    series_id = fields.UUIDField()
    series_name = fields.CharField(max_length=25)
    folio = fields.BigIntField()
    payment_id = fields.UUIDField()
    stamps_left = fields.BigIntField()
    reserved_at = fields.DatetimeField()
    open_since = fields.DatetimeField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    uuid = fields.UUIDField(unique=True, null=True)
    released_at = fields.DatetimeField(null=True)
    skipped_folio = fields.BigIntField(null=True)

    class Meta:
        table = "invoice_reservation"
        unique_together = (("client_id", "request_id"),)
        indexes = (
            PartialIndex(fields=("open_since", "id"), present="open_since", name="idx_invoice_reservation_open"),
            PartialIndex(
                fields=("series_id", "skipped_folio"), present="skipped_folio", name="idx_invoice_reservation_skipped"
            ),
        )
