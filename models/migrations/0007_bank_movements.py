from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('accounts', '0006_owed_by_kind')]

    initial = False

    operations = [
        ops.CreateModel(
            name='BankMovement',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('payment', fields.ForeignKeyField('accounts.Payment', source_field='payment_id', db_index=True, db_constraint=True, to_field='id', related_name='movements', on_delete=OnDelete.RESTRICT)),
                ('counted_as', fields.OneToOneField('accounts.Payment', source_field='counted_as_id', null=True, db_constraint=True, to_field='id', related_name='movement', on_delete=OnDelete.RESTRICT)),
                ('day', fields.DateField(null=True)),
                ('seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'bank_movement', 'app': 'accounts', 'pk_attr': 'id', 'table_description': "A movement of the bank's statement with a payment's reference and amount, kept so that it counts once."},
            bases=['Model'],
        ),
    ]
