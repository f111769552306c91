from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from models.indexes import PartialIndex
from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0012_api_clients')]

    initial = False

    operations = [
        ops.CreateModel(
            name='InvoiceReservation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('client_id', fields.UUIDField()),
                ('request_id', fields.UUIDField()),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='reservations', on_delete=OnDelete.CASCADE)),
                ('series_id', fields.UUIDField()),
                ('series_name', fields.CharField(max_length=25)),
                ('folio', fields.BigIntField()),
                ('payment_id', fields.UUIDField()),
                ('stamps_left', fields.BigIntField()),
                ('reserved_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('open_since', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('uuid', fields.UUIDField(unique=True, null=True)),
                ('released_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('skipped_folio', fields.BigIntField(null=True)),
            ],
            options={
                'table': 'invoice_reservation',
                'app': 'accounts',
                'unique_together': (('client_id', 'request_id'),),
                'indexes': [
                    PartialIndex(fields=['open_since', 'id'], name='idx_invoice_reservation_open', present='open_since'),
                    PartialIndex(fields=['series_id', 'skipped_folio'], name='idx_invoice_reservation_skipped', present='skipped_folio'),
                ],
                'pk_attr': 'id',
                'table_description': 'A folio and a stamp that an API client took for one invoice. It is kept, so that a repeated request is known.',
            },
            bases=['Model'],
        ),
        AddColumn(model_name='Account', name='stamps_notice', field=fields.CharField(null=True, max_length=8)),
        AddColumn(model_name='Payment', name='stamps_used', field=fields.IntField(default=0, db_default=0)),
    ]
