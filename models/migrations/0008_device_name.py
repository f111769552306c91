from tortoise import fields, migrations

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0007_bank_movements')]

    initial = False

    operations = [
        AddColumn(model_name='Session', name='device_name', field=fields.CharField(null=True, max_length=100)),
    ]
