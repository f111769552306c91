from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from models.operations import AddColumn

class Migration(migrations.Migration):
    dependencies = [('accounts', '0004_captchas_sent_twice')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ConfirmedCode',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='confirmed_codes', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'confirmed_code', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'The SHA-256 of a code of the registration that became this account, kept until the code would have expired.'},
            bases=['Model'],
        ),
        AddColumn(
            model_name='Delivery',
            name='registration_id',
            field=fields.UUIDField(null=True),
        ),
        AddColumn(
            model_name='Registration',
            name='mailed_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
