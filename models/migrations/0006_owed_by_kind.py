from tortoise import migrations
from tortoise.migrations import operations as ops
from models.indexes import PartialIndex

class Migration(migrations.Migration):
    dependencies = [('accounts', '0005_same_person')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Delivery',
            index=PartialIndex(fields=['kind', 'due_at'], name='idx_delivery_owed_kind_due', present='pending_key'),
        ),
    ]
