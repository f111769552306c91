from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid import uuid4


class Migration(migrations.Migration):
    dependencies = [('accounts', '0009_heartbeats')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('kind', fields.CharField(max_length=32)),
                ('actor', fields.CharField(max_length=80)),
                ('account_id', fields.UUIDField(null=True)),
                ('email', fields.CharField(null=True, max_length=32)),
                ('client', fields.CharField(null=True, max_length=32)),
                ('agent', fields.CharField(null=True, max_length=255)),
                ('subject', fields.CharField(null=True, max_length=40)),
                ('detail', fields.CharField(null=True, max_length=100)),
            ],
            options={'table': 'audit_event', 'app': 'accounts', 'indexes': [Index(fields=['kind', 'at']), Index(fields=['account_id', 'at']), Index(fields=['email', 'at'])], 'pk_attr': 'id', 'table_description': 'What happened, when and by whom. Rows are only added, and deleted when their retention ends.'},
            bases=['Model'],
        ),
    ]
