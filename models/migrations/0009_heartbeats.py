from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [('accounts', '0008_device_name')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ('host', fields.CharField(max_length=255)),
                ('beaten_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('mail_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('cleanup_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('payments_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'heartbeat', 'app': 'accounts', 'pk_attr': 'id', 'table_description': 'A worker process that runs, and when each of its loops last finished a turn.'},
            bases=['Model'],
        ),
    ]
