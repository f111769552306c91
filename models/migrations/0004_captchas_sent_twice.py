from tortoise import fields, migrations

from models.operations import AddColumn


class Migration(migrations.Migration):
    dependencies = [('accounts', '0003_company_and_payment')]

    initial = False

    operations = [
        AddColumn(model_name='SpentCaptcha', name='purpose', field=fields.CharField(null=True, max_length=64)),
        AddColumn(model_name='SpentCaptcha', name='repeats', field=fields.IntField(default=0, db_default=0)),
        AddColumn(model_name='SpentCaptcha', name='used', field=fields.BooleanField(default=False, db_default=False)),
    ]
