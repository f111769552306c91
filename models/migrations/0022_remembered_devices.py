from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('accounts', '0021_sign_in_mails')]

    initial = False

    operations = [
        ops.CreateModel(
            name='RememberedDevice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='remembered_devices', on_delete=OnDelete.CASCADE)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('password_generation', fields.IntField()),
                ('session_id', fields.UUIDField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_used_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('device_name', fields.CharField(null=True, max_length=100)),
                ('user_agent', fields.CharField(null=True, max_length=255)),
            ],
            options={'table': 'remembered_device', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'A device on which login skips the second step, by the SHA-256 of its token.'},
            bases=['Model'],
        ),
    ]
