from orjson import loads

from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0020_export_link')]

    initial = False

    operations = [
        AddColumn(model_name='Delivery', name='facts', field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
        AddColumn(model_name='Account', name='devices_known', field=fields.BooleanField(default=False, db_default=False)),
    ]
