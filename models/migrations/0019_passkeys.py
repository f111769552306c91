from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [('accounts', '0018_second_factor')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Passkey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='passkeys', on_delete=OnDelete.CASCADE)),
                ('credential_id', fields.CharField(unique=True, max_length=1364)),
                ('public_key', fields.CharField(max_length=1400)),
                ('sign_count', fields.BigIntField()),
                ('backup_eligible', fields.BooleanField()),
                ('backed_up', fields.BooleanField()),
                ('transports', fields.CharField(max_length=100)),
                ('aaguid', fields.CharField(max_length=36)),
                ('nickname', fields.CharField(null=True, max_length=100)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'passkey', 'app': 'accounts', 'indexes': [Index(fields=['account_id', 'created_at'])], 'pk_attr': 'id', 'table_description': 'A WebAuthn credential of an account, as its authenticator registered it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PasskeyChallenge',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('purpose', fields.CharField(max_length=16)),
                ('session', fields.ForeignKeyField('accounts.Session', source_field='session_id', null=True, db_index=True, db_constraint=True, to_field='id', related_name='passkey_challenges', on_delete=OnDelete.CASCADE)),
                ('login', fields.ForeignKeyField('accounts.LoginChallenge', source_field='login_id', null=True, db_index=True, db_constraint=True, to_field='digest', related_name='passkey_challenges', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'passkey_challenge', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'A WebAuthn challenge that waits for its answer, by its SHA-256, for one purpose. Using it deletes it.'},
            bases=['Model'],
        ),
    ]
