from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('email_key', fields.CharField(unique=True, max_length=254)),
                ('email', fields.CharField(max_length=254)),
                ('rfc', fields.CharField(max_length=13)),
                ('password_hash', fields.CharField(null=True, max_length=255)),
                ('password_generation', fields.IntField(default=1)),
                ('language', fields.CharField(max_length=2)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('confirmed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'A confirmed user: one e-mail, one RFC, at most one password.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Delivery',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=32)),
                ('email_key', fields.CharField(db_index=True, max_length=254)),
                ('pending_key', fields.CharField(null=True, unique=True, max_length=288)),
                ('requested_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('due_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('attempts', fields.IntField(default=0)),
                ('counted', fields.BooleanField(default=False)),
                ('lease', fields.UUIDField(null=True)),
                ('finished_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('outcome', fields.CharField(null=True, max_length=16)),
                ('reason', fields.CharField(null=True, max_length=500)),
            ],
            options={'table': 'delivery', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'A row of the outbox: a mail of some kind to an e-mail, without its text.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FailureStreak',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ('count', fields.IntField()),
                ('touched_at', fields.FloatField(db_index=True)),
            ],
            options={'table': 'failure_streak', 'app': 'accounts', 'pk_attr': 'key', 'table_description': 'Wrong passwords in a row for an e-mail in one of its two lockouts, the last at `touched_at` (Unix seconds).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KnownNetwork',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ('last_seen_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'known_network', 'app': 'accounts', 'pk_attr': 'key', 'table_description': 'A network (/24 or /48) from which the owner of an e-mail logged in.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LimitCounter',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=128)),
                ('count', fields.IntField()),
                ('expires_at', fields.FloatField(db_index=True)),
            ],
            options={'table': 'limit_counter', 'app': 'accounts', 'pk_attr': 'key', 'table_description': 'How often one subject met one limit in a fixed window, which ends at `expires_at` (Unix seconds).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MailedPassword',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_index=True, db_constraint=True, to_field='id', related_name='mailed_passwords', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'mailed_password', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'The SHA-256 of a password that recovery mailed, which also logs in until it expires.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Registration',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('email_key', fields.CharField(max_length=254)),
                ('email', fields.CharField(max_length=254)),
                ('rfc', fields.CharField(max_length=13)),
                ('password_hash', fields.CharField(max_length=255)),
                ('language', fields.CharField(max_length=2)),
                ('created_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'registration', 'app': 'accounts', 'indexes': [Index(fields=['email_key', 'created_at'])], 'pk_attr': 'id', 'table_description': 'What a person typed in step 1, until a code from the mailbox turns it into an account.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ConfirmationCode',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('registration', fields.ForeignKeyField('accounts.Registration', source_field='registration_id', db_index=True, db_constraint=True, to_field='id', related_name='codes', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'confirmation_code', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'The SHA-256 of a mailed code. Several may be alive at once, and one use of any ends them all.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('password_change_required', fields.BooleanField(default=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('user_agent', fields.CharField(null=True, max_length=255)),
                ('ip_address', fields.CharField(null=True, max_length=45)),
            ],
            options={'table': 'session', 'app': 'accounts', 'indexes': [Index(fields=['account_id', 'last_seen_at'])], 'pk_attr': 'id', 'table_description': 'One logged-in device. The row lives as long as the session: ending one deletes it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SpentCaptcha',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'spent_captcha', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'The id of a captcha that was answered, kept until no answer to it could count any more.'},
            bases=['Model'],
        ),
    ]
