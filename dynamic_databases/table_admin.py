"""Tables of registered databases in Django's admin: `admin.site.register(model)` is enough.

Each page asks the database first whether its catalog changed, and shows the table as it is now.
What the database refuses becomes a page that says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import FieldError, PermissionDenied
from django.db.models.base import ModelBase
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql import Query
from django.db.utils import ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from dynamic_databases import outcomes
from dynamic_databases.active import use_database
from dynamic_databases.aliases import Alias
from dynamic_databases.connect_causes import explain
from dynamic_databases.connections.django_storage import close_unused
from dynamic_databases.control_errors import UNREACHABLE, why_unavailable
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import DatabaseProblem, NotRegistered, UnknownTable
from dynamic_databases.model_identity import is_generated
from dynamic_databases.models import Database
from dynamic_databases.models_factory.form_fields import RowTextField
from dynamic_databases.process import process_registry

_log = logging.getLogger("dynamic_databases.table_admin")
_STATUS = {"TENANT_UNAVAILABLE": 503, "OVERLOADED": 503, "TIMEOUT": 504, "FORBIDDEN": 403}
_REFUSED = 400  # any other code: the database doesn't take what was typed
View = Callable[..., HttpResponse]
Register = Callable[..., None]


class AdminOutdated(DatabaseProblem):
    """An admin class names columns that its table has no more."""

    code = "SCHEMA_CHANGED"

    def __init__(self, table: str, problems: Iterable[str]) -> None:
        super().__init__(
            f"The columns of {table!r} changed, and its admin class still names what is gone: "
            f"{' '.join(problems)} Change the class, and start this process again."
        )


class TableAdmin(admin.ModelAdmin[Any]):
    """The admin of one table of a registered database; other admin classes are mixed with it."""

    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._answer(super().changelist_view, request, *args, **options)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._answer(super().changeform_view, request, *args, **options)

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._answer(super().delete_view, request, *args, **options)

    def history_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self._answer(super().history_view, request, *args, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A key can't be changed, only copied; what the database computes is shown."""
        fixed = [field.name for field in self.opts.fields if getattr(field, "generated", False)]
        if obj is not None and self.opts.pk is not None:
            fixed.insert(0, self.opts.pk.name)
        given = super().get_readonly_fields(request, obj)
        return [*given, *(name for name in fixed if name not in given)]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Leave a database that is out of service out of the site's lists."""
        is_served = settings.DATABASES.is_registered_alias(self._alias)
        return is_served and super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._takes("insert") and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._takes("update") and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._takes("delete") and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """List the rows of other tables, too: the database's own rules act on them, not Django."""
        rows = list(objs)
        listed, counts, permissions, protected = super().get_deleted_objects(rows, request)
        return [*listed, *self._referring(rows)], counts, permissions, protected

    def _referring(self, rows: list[Any]) -> Iterator[str]:
        """Yield how many rows of each table refer to `rows`."""
        for relation in self.opts.related_objects:
            referring = cast("type[DynamicSchemaModel]", relation.related_model)
            table = process_registry().model(self._alias, referring.table_name)
            count = table._default_manager.filter(**{f"{relation.field.name}__in": rows}).count()
            if count:
                yield (
                    f"{count} in {table.table_name} ({relation.field.name}): the foreign key of "
                    "the database decides whether they are deleted, changed or forbid this"
                )

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        if isinstance(db_field, RowTextField) and db_field.is_short and not db_field.choices:
            options.setdefault("widget", AdminTextInputWidget)
        return super().formfield_for_dbfield(db_field, request, **options)

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """Follow the catalog with the tables of inlines, too."""
        found = super().get_inline_instances(request, obj)
        for inline in found:
            if _is_table(inline.model):
                inline.model = _model_now(inline.model)
                inline.opts = inline.model._meta
        return found

    def save_form(self, request: Any, form: Any, change: bool) -> Any:
        """Return the row with what the person changed and nothing else: `save()` writes that."""
        row = super().save_form(request, form, change)
        fields = {field.name: field.attname for field in self.opts.concrete_fields}
        shown = {name: fields[name] for name in form.fields if name in fields}
        untouched = {shown[name] for name in shown.keys() - set(form.changed_data)}
        if change:
            row.restore(untouched & row.changes().keys())
        return row

    def _answer(self, view: View, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Answer within the table's database: what templates ask lazily is asked there, too."""
        if not any(self.get_model_perms(request).values()):
            raise PermissionDenied
        alias = self._alias
        try:
            with use_database(alias):
                vendor = self._follow()
                with outcomes.translated(vendor, writing=True):
                    response = view(request, *args, **options)
                    return response.render() if isinstance(response, TemplateResponse) else response
        except DatabaseProblem as error:
            return self._problem_page(request, error)

    @property
    def _alias(self) -> Alias:
        alias: Alias = self.model.database_alias
        return alias

    def _follow(self) -> str:
        """Take the model of the table as it is now, and return the database's vendor.

        Raises DatabaseProblem, AdminOutdated.
        """
        vendor = process_registry().current(self._alias).catalog.vendor
        before, now = self.model, _model_now(self.model)
        if now is before:
            return vendor
        self.model, self.opts = now, now._meta
        if problems := [*self._problems()]:
            self.model, self.opts = before, before._meta  # the next page checks again
            raise AdminOutdated(before.table_name, problems)
        return vendor

    def _problems(self) -> Iterator[str]:
        """Yield what the class names and the table lacks; Django checks no `search_fields`."""
        yield from (str(problem.msg) for problem in self.check())
        for name in self.search_fields:
            try:
                Query(self.model).names_to_path(name.lstrip("^=@").split(LOOKUP_SEP), self.opts)
            except FieldError:
                yield f"The value of 'search_fields' refers to '{name}', which is no field."

    def _takes(self, write: str) -> bool:
        """Return whether rows can be written so, as far as is known without asking."""
        if self.model.keyless:
            return False
        entry = process_registry().peek(self._alias)
        table = entry.catalog.find(self.model.table_name) if entry is not None else None
        return table is None or table.takes(write)

    def _problem_page(self, request: HttpRequest, error: DatabaseProblem) -> HttpResponse:
        table = self.model.table_name
        match error:
            case NotRegistered():
                status, text = 404, f"The database of {table!r} is out of service."
            case UnknownTable():
                status, text = (
                    404,
                    (
                        f"The database has no table {table!r} any more. Bring it back, or take its "
                        "registration out of the project's admin."
                    ),
                )
            case _:
                status, text = _STATUS.get(error.code, _REFUSED), explain(error)
        request.current_app = self.admin_site.name  # `{% url %}` reads it
        context = self.admin_site.each_context(request)
        context |= {"title": f"{table}: this can't be done", "text": text, "opts": self.opts}
        context["is_undone"] = request.method == "POST" and error.code != "OUTCOME_UNKNOWN"
        template = "admin/dynamic_databases/problem.html"
        return TemplateResponse(request, template, context, status=status).render()


def register_tables(
    site: admin.AdminSite, database: str, tables: Mapping[str, type[admin.ModelAdmin[Any]] | None]
) -> bool:
    """Register tables of the database of that name, each with its admin class or with Django's.

    Call it where the project's URLs are made. It returns False, registers nothing and logs why
    where the database isn't there yet, is out of service or doesn't answer: a project starts
    without it, and before its first `migrate`.
    """
    # Under ASGI the first request makes the URLs, in the event loop, where nothing may wait.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(_find_models, database, list(tables)).result()
    if isinstance(found, str):
        _log.warning("The admin has no tables of the database %s: %s", database, found)
        return False
    for table, admin_class in tables.items():
        site.register(found[table], admin_class)
    return True


def install_table_admin() -> None:
    """Have each admin site register tables of registered databases with `TableAdmin`."""
    sites: Any = admin.AdminSite
    register: Register = sites.register

    def register_tables(
        site: admin.AdminSite, models: Any, admin_class: Any = None, **options: Any
    ) -> None:
        for model in [models] if isinstance(models, ModelBase) else models:
            chosen = _with_tables(admin_class) if _is_table(model) else admin_class
            register(site, model, chosen, **options)

    sites.register = register_tables


def _find_models(database: str, tables: list[str]) -> dict[str, type[DynamicSchemaModel]] | str:
    """Return the models of a database's tables, or why there are none."""
    try:
        row = Database.objects.filter(name=database, enabled=True).first()
        if row is None:
            return "there is none, or it is out of service."
        return {table: row.get_model(table) for table in tables}
    except DatabaseProblem as error:
        return explain(error)
    except (*UNREACHABLE, ProgrammingError) as error:
        return f"the control database {why_unavailable(error)}."
    finally:
        close_unused()


def _is_table(model: type[Any]) -> bool:
    return issubclass(model, DynamicSchemaModel) and is_generated(model)


def _model_now(model: Any) -> type[DynamicSchemaModel]:
    return process_registry().model(model.database_alias, model.table_name)


def _with_tables(admin_class: Any) -> type[TableAdmin]:
    if admin_class is None or admin_class is admin.ModelAdmin:
        return TableAdmin
    bases = (admin_class,) if issubclass(admin_class, TableAdmin) else (TableAdmin, admin_class)
    return type(admin_class.__name__, bases, {"__module__": admin_class.__module__})
