from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0011_support')]

    initial = False

    operations = [
        # The longest step first: until a column is added, only writers wait.
        ops.AddIndex(model_name='Account', index=Index(fields=['rfc'])),
        ops.CreateModel(
            name='ApiClient',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=40)),
                ('scopes', fields.CharField(max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'api_client', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'A back end that calls the API in its own name. The row stays when it is revoked, so no name is given twice.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ApiClientSecret',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('client', fields.ForeignKeyField('accounts.ApiClient', source_field='client_id', db_index=True, db_constraint=True, to_field='id', related_name='secrets', on_delete=OnDelete.CASCADE)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('last_used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'api_client_secret', 'app': 'accounts', 'pk_attr': 'digest', 'table_description': "The SHA-256 of a client's secret. Several may be alive during a rotation."},
            bases=['Model'],
        ),
        AddColumn(model_name='Account', name='updated_at', field=fields.DatetimeField(null=True)),
        ops.AddIndex(model_name='Account', index=Index(fields=['updated_at', 'id'])),
    ]
