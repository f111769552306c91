from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from models.indexes import PartialIndex
from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0016_email_changes')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PrivacyAcceptance',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='privacy_acceptances', on_delete=OnDelete.CASCADE)),
                ('version', fields.CharField(max_length=40)),
                ('accepted_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'privacy_acceptance', 'app': 'accounts', 'unique_together': (('account_id', 'version'),), 'pk_attr': 'id', 'table_description': 'Which version of the privacy notice the owner of an account accepted, and when: the first time that they did.'},
            bases=['Model'],
        ),
        AddColumn(model_name='Registration', name='privacy_notice', field=fields.CharField(null=True, max_length=40)),
        AddColumn(model_name='Account', name='deletion_requested_at', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Account', name='deletion_due_at', field=fields.DatetimeField(null=True)),
        AddColumn(model_name='Account', name='deletion_turn_at', field=fields.DatetimeField(null=True)),
        ops.AddIndex(
            model_name='Account',
            index=PartialIndex(fields=['deletion_turn_at'], name='idx_account_deletion_turn_at', present='deletion_turn_at'),
        ),
    ]
