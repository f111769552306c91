from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0017_privacy')]

    initial = False

    operations = [
        ops.CreateModel(
            name='TotpFactor',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('account', fields.OneToOneField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='totp_factor', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=255)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_step', fields.BigIntField(null=True)),
                ('failures', fields.IntField(default=0)),
            ],
            options={'table': 'totp_factor', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'An app that shows codes (RFC 6238), pending until its first code confirms it. An account has at most one.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RecoveryCode',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='recovery_codes', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'recovery_code', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'The keyed digest of a code for an owner without the second factor. Using it deletes it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LoginChallenge',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='login_challenges', on_delete=OnDelete.CASCADE)),
                ('password_generation', fields.IntField()),
                ('mailed_digest', fields.CharField(null=True, max_length=64)),
                ('device_name', fields.CharField(null=True, max_length=100)),
                ('failures', fields.IntField(default=0)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'login_challenge', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'A login whose password was right and whose second factor is awaited, by the SHA-256 of its token.'},
            bases=['Model'],
        ),
        AddColumn(model_name='Account', name='second_factor_since', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Account', name='second_factor_ends_at', field=fields.DatetimeField(null=True)),
    ]
