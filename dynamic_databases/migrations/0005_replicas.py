import jsonfield.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dynamic_databases", "0004_numbered_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="database",
            name="replicas",
            field=jsonfield.fields.JSONField(
                blank=True,
                db_default=models.Value("[]", output_field=models.TextField()),
                default=list,
                help_text='Read replicas, a list of URLs or of objects: what of config is different, and the password: [{"HOST": "replica.example.com", "PASSWORD": "secret"}].',
            ),
        ),
    ]
