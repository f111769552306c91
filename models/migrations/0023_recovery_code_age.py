from tortoise import fields, migrations

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0022_remembered_devices')]

    initial = False

    operations = [
        AddColumn(model_name='RecoveryCode', name='created_at', field=fields.DatetimeField(null=True)),
    ]
