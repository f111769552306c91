from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from models.operations import AddColumn

class Migration(migrations.Migration):
    dependencies = [('accounts', '0002_owed_deliveries')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Company',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.OneToOneField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='company', on_delete=OnDelete.CASCADE)),
                ('legal_name', fields.CharField(max_length=300)),
                ('tax_regime', fields.CharField(max_length=3)),
                ('postal_code', fields.CharField(max_length=5)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'company', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'The data with which an account invoices.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Payment',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='payments', on_delete=OnDelete.RESTRICT)),
                ('method', fields.CharField(max_length=16)),
                ('status', fields.CharField(max_length=16)),
                ('open_key', fields.CharField(null=True, unique=True, max_length=64)),
                ('plan_id', fields.CharField(max_length=40)),
                ('subtotal', fields.DecimalField(max_digits=14, decimal_places=2)),
                ('tax', fields.DecimalField(max_digits=14, decimal_places=2)),
                ('currency', fields.CharField(max_length=3)),
                ('stamps', fields.IntField()),
                ('period_months', fields.IntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('paid_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reference', fields.CharField(null=True, unique=True, max_length=20)),
                ('paypal_order_id', fields.CharField(null=True, unique=True, max_length=36)),
                ('paypal_refusals', fields.IntField(default=0)),
                ('paypal_declined', fields.BooleanField(default=False)),
                ('paypal_capture_id', fields.CharField(null=True, unique=True, max_length=36)),
                ('approval_url', fields.CharField(null=True, max_length=1000)),
            ],
            options={'table': 'payment', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'What an account pays, or was asked to pay, for one period of a plan, with the price as it was then.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Series',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='series', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=25)),
                ('first_folio', fields.BigIntField()),
                ('last_folio', fields.BigIntField(null=True)),
                ('last_taken', fields.BigIntField()),
                ('approval_number', fields.BigIntField(null=True)),
                ('approval_year', fields.IntField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'series', 'app': 'accounts', 'unique_together': (('account_id', 'name'),), 'pk_attr': 'id', 'table_description': "A series of folios for an account's invoices. Its name may be empty, but is unique in the account."},
            bases=['Model'],
        ),
        AddColumn(
            model_name='Account',
            name='activated_by',
            field=fields.CharField(null=True, max_length=16),
        ),
        AddColumn(
            model_name='Account',
            name='active_plan',
            field=fields.CharField(null=True, max_length=40),
        ),
        AddColumn(
            model_name='Account',
            name='active_since',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='Account',
            name='active_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='Account',
            name='stage',
            field=fields.CharField(default='confirmed', db_default='confirmed', max_length=16),
        ),
    ]
