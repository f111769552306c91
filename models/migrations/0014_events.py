from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops

from models.indexes import PartialIndex
from models.operations import AddColumn

# Later ends of paid time are announced; those that passed before there were events are not.
_ANNOUNCE_LAPSES = """
UPDATE account SET lapse_due_at = active_until WHERE stage = 'active' AND active_until > CURRENT_TIMESTAMP
"""


class Migration(migrations.Migration):
    dependencies = [('accounts', '0013_invoices')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Event',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('event_id', fields.UUIDField(unique=True)),
                ('position', fields.BigIntField(null=True, unique=True)),
                ('type', fields.CharField(max_length=32)),
                ('account_id', fields.UUIDField(db_index=True)),
                ('occurred_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('details', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'event', 'app': 'accounts', 'indexes': [PartialIndex(fields=['id'], name='idx_event_without_position', absent='position'), PartialIndex(fields=['type', 'position'], name='idx_event_type_position', present='position')], 'pk_attr': 'id', 'table_description': 'What happened to an account, for the products that stand on it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='EventFeed',
            fields=[
                ('id', fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ('last_position', fields.BigIntField(default=0)),
                ('deleted_position', fields.BigIntField(default=0)),
            ],
            options={'table': 'event_feed', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'How far the feed of events reaches: one row, which whoever assigns or deletes positions locks.'},
            bases=['Model'],
        ),
        AddColumn(model_name='Account', name='lapse_due_at', field=fields.DatetimeField(null=True)),
        ops.RunSQL(_ANNOUNCE_LAPSES, ''),
        ops.AddIndex(
            model_name='Account',
            index=PartialIndex(fields=['lapse_due_at'], name='idx_account_lapse_due_at', present='lapse_due_at'),
        ),
        AddColumn(model_name='Heartbeat', name='events_at', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Heartbeat', name='webhooks_at', field=fields.DatetimeField(null=True)),
        ops.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('url', fields.CharField(max_length=2000)),
                ('types', fields.CharField(null=True, max_length=500)),
                ('secret_version', fields.IntField(default=1)),
                ('rotated_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('position', fields.BigIntField()),
                ('due_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('lease', fields.UUIDField(null=True)),
                ('attempts', fields.IntField(default=0)),
                ('failing_since', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_result', fields.CharField(null=True, max_length=100)),
                ('delivered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('paused_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('paused_because', fields.CharField(null=True, max_length=16)),
            ],
            options={'table': 'webhook_endpoint', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'Where events are delivered, and how far.'},
            bases=['Model'],
        ),
    ]
