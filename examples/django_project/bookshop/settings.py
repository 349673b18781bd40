"""The settings of the example: Django's usual ones, and three lines for the gateway."""

import os
from pathlib import Path

from dynamic_databases.aliases import DatabaseAliases

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-the-example")
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

INSTALLED_APPS = [
    "dynamic_databases",  # first: its `migrate` writes to the project's own databases alone
    "tenants",
    "schema",
    "gateway",
    "gateway.login.apps.LoginConfig",  # for people of tenants' own user tables
    "bookshop",
    "graphene_django",  # for its command `graphql_schema`
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
DATABASES = DatabaseAliases(
    {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "bookshop.sqlite3"}}
)
DATABASE_ROUTERS = ["dynamic_databases.router.DynamicDatabasesRouter"]
GRAPHENE = {"SCHEMA": "bookshop.schema.schema"}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = [
    "gateway.login.tenant_users.TenantUserBackend",  # first: the others take any name
    "django.contrib.auth.backends.ModelBackend",
]
ROOT_URLCONF = "bookshop.urls"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
