from tortoise import fields
from tortoise.models import Model


class AuditEvent(Model):
    """What happened, when and by whom. Rows are only added, and deleted when their retention ends.

    `actor` is who did it, as `services/audit/actors.py` writes it. `client` and `email` are keyed digests; `email` is
    set where nobody had proved to own the account yet. `subject` is the id of the session, series or payment.

    `account_id` is no foreign key: an event outlives its account, and checking the key would make failed sign-ins take
    longer for a known e-mail than for an unknown one.
    """

    id = fields.UUIDField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    kind = fields.CharField(max_length=32)
    actor = fields.CharField(max_length=80)
    account_id = fields.UUIDField(null=True)
    email = fields.CharField(max_length=32, null=True)
    client = fields.CharField(max_length=32, null=True)
    agent = fields.CharField(max_length=255, null=True)
    subject = fields.CharField(max_length=40, null=True)
    detail = fields.CharField(max_length=100, null=True)

    class Meta:
        table = "audit_event"
        indexes = (("kind", "at"), ("account_id", "at"), ("email", "at"))
