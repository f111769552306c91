from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid import uuid4

from models.operations import AddColumn


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
        AddColumn(model_name='Payment', name='paid_by', field=fields.CharField(null=True, max_length=80)),
        AddColumn(model_name='Payment', name='refunded_at', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Payment', name='refunded_by', field=fields.CharField(null=True, max_length=80)),
        AddColumn(model_name='Payment', name='undone_at', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Payment', name='undone_by', field=fields.CharField(null=True, max_length=80)),
        AddColumn(model_name='Payment', name='closed_at', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Payment', name='closed_by', field=fields.CharField(null=True, max_length=80)),
        ops.AddIndex(model_name='Payment', index=Index(fields=['paid_at'])),
        ops.AddIndex(model_name='Payment', index=Index(fields=['refunded_at'])),
        ops.AddIndex(model_name='Payment', index=Index(fields=['undone_at'])),
    ]
