from tortoise import migrations
from tortoise.migrations import operations as ops
from models.indexes import PartialIndex

class Migration(migrations.Migration):
    dependencies = [('accounts', '0001_initial')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Delivery',
            index=PartialIndex(fields=['due_at'], name='idx_delivery_owed_due_at', present='pending_key'),
        ),
    ]
