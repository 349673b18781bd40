"""Each database's secrets get keys of their own: what was encrypted under the common ones is encrypted anew."""

import uuid

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.db import migrations, models

from dynamic_databases.package_settings import package_setting
from dynamic_databases.config.secrets import ReferenceRules, Secrets


def give_ids(apps, schema_editor):
    for row in apps.get_model("dynamic_databases", "Database").objects.all():
        row.secret_id = uuid.uuid4()
        row.save(update_fields=["secret_id"])


def encrypt_anew(apps, schema_editor):
    common = MultiFernet([Fernet(key) for key in package_setting("GATEWAY_SECRET_KEYS")])
    for row in apps.get_model("dynamic_databases", "Database").objects.all():
        secret = row.config.get("PASSWORD")
        if not isinstance(secret, dict) or "$encrypted" not in secret:
            continue
        try:
            plain = common.decrypt(secret["$encrypted"].encode()).decode()
        except InvalidToken:
            continue  # no key opens it: it has to be given again, as before
        references = ReferenceRules(package_setting("GATEWAY_SECRET_FILES_ROOT"))
        secrets = Secrets(package_setting("GATEWAY_SECRET_KEYS"), str(row.secret_id), references)
        row.config = secrets.seal({**row.config, "PASSWORD": plain})
        row.save(update_fields=["config"])


class Migration(migrations.Migration):
    dependencies = [("dynamic_databases", "0002_versions_and_column_changes")]

    operations = [
        migrations.AddField(
            "database",
            "secret_id",
            models.UUIDField(
                null=True, editable=False, help_text="Whose the secrets in config are."
            ),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
        migrations.AlterField(
            "database",
            "secret_id",
            models.UUIDField(
                default=uuid.uuid4,
                unique=True,
                editable=False,
                help_text="Whose the secrets in config are.",
            ),
        ),
        migrations.RunPython(encrypt_anew, migrations.RunPython.noop),
    ]
