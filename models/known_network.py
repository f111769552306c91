from tortoise import fields
from tortoise.models import Model


class KnownNetwork(Model):
    """A network (/24 or /48) from which the owner of an e-mail logged in.

    Other rows are kinds of devices, which are remembered in the same way.
    """

    key = fields.CharField(max_length=80, primary_key=True)
    last_seen_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "known_network"
