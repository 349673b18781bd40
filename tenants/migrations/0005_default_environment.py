"""A tenant's default environment is stored, and is production where it isn't.

Until now a tenant without production was served from its first environment. One that has a single
environment, which isn't production, keeps being served from it.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count


def keep_lone_environments(apps, schema_editor):
    Tenant = apps.get_model("tenants", "Tenant")
    alias = schema_editor.connection.alias
    lone = Tenant.objects.using(alias).annotate(stages=Count("attachments")).filter(stages=1)
    for tenant in lone.prefetch_related("attachments__environment"):
        (attachment,) = tenant.attachments.all()
        if attachment.environment.name != "production":
            tenant.default_environment = attachment.environment
            tenant.save(update_fields=["default_environment"])


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_tenant_limits")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="default_environment",
            field=models.ForeignKey(
                blank=True,
                help_text="Asked where a request names none; production where this is empty.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.environment",
            ),
        ),
        migrations.RunPython(keep_lone_environments, migrations.RunPython.noop),
    ]
