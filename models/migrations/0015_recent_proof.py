from tortoise import fields, migrations

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0014_events')]

    initial = False

    operations = [
        AddColumn(model_name='Session', name='proved_at', field=fields.DatetimeField(null=True)),
    ]
