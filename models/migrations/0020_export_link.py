from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('accounts', '0019_passkeys')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ExportLink',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('account', fields.OneToOneField('accounts.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='export_link', on_delete=OnDelete.CASCADE)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('claimed_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'export_link', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': 'The SHA-256 of the token in a mailed link to what is kept about a person. A new link replaces an earlier one.'},
            bases=['Model'],
        ),
    ]
