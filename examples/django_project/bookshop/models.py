"""A model of the project's own, whose table is in each tenant's database."""

from django.db import models

from dynamic_databases.dynamic_model import DynamicSchemaModel


class Author(models.Model):
    """An author of a tenant: `Author.objects.using("acme")`."""

    name = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "author"

    def __str__(self) -> str:
        return self.name


class Writer(DynamicSchemaModel):
    """The same with what each tenant's table has besides: `Writer.objects.using("acme")`."""

    name = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "author"

    def __str__(self) -> str:
        return self.name
