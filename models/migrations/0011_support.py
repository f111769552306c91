from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0010_audit_trail')]

    initial = False

    operations = [
        ops.CreateModel(
            name='RetainedPayment',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('rfc', fields.CharField(db_index=True, max_length=13)),
                ('legal_name', fields.CharField(null=True, max_length=300)),
                ('tax_regime', fields.CharField(null=True, max_length=3)),
                ('postal_code', fields.CharField(null=True, max_length=5)),
                ('method', fields.CharField(max_length=16)),
                ('status', fields.CharField(max_length=16)),
                ('plan_id', fields.CharField(max_length=40)),
                ('subtotal', fields.DecimalField(max_digits=14, decimal_places=2)),
                ('tax', fields.DecimalField(max_digits=14, decimal_places=2)),
                ('currency', fields.CharField(max_length=3)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('paid_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('paid_by', fields.CharField(null=True, max_length=80)),
                ('refunded_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('refunded_by', fields.CharField(null=True, max_length=80)),
                ('undone_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('undone_by', fields.CharField(null=True, max_length=80)),
                ('reference', fields.CharField(null=True, max_length=20)),
                ('paypal_order_id', fields.CharField(null=True, max_length=36)),
                ('paypal_capture_id', fields.CharField(null=True, max_length=36)),
                ('deleted_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('retained_until', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'retained_payment', 'app': 'accounts', 'indexes': [Index(fields=['paid_at']), Index(fields=['refunded_at']), Index(fields=['undone_at'])], 'pk_attr': 'id', 'table_description': 'What tax law keeps of a payment whose account was deleted: the money, and to whom it was invoiced.'},
            bases=['Model'],
        ),
        AddColumn(
            model_name='Account', name='company_outdated', field=fields.BooleanField(default=False, db_default=False)
        ),
        AddColumn(model_name='Delivery', name='address', field=fields.CharField(null=True, max_length=254)),
        AddColumn(model_name='Delivery', name='language', field=fields.CharField(null=True, max_length=2)),
    ]
