from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0015_recent_proof')]

    initial = False

    operations = [
        ops.CreateModel(
            name='EmailChange',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='email_changes', on_delete=OnDelete.CASCADE)),
                ('open_key', fields.CharField(null=True, unique=True, max_length=36)),
                ('password_generation', fields.IntField()),
                ('old_email', fields.CharField(max_length=254)),
                ('new_email', fields.CharField(max_length=254)),
                ('requested_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('changed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'email_change', 'app': 'accounts', 'pk_attr': 'id', 'table_description': "A change of an account's e-mail that its owner asked for."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='EmailChangeCode',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('email_change', fields.ForeignKeyField('accounts.EmailChange', source_field='email_change_id', db_index=True, db_constraint=True, to_field='id', related_name='codes', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'email_change_code', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'The SHA-256 of a mailed code, which confirms the new e-mail of an open change, or reverts one that was made.'},
            bases=['Model'],
        ),
        AddColumn(model_name='Delivery', name='email_change_id', field=fields.UUIDField(null=True)),
    ]
