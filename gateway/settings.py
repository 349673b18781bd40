"""Django's settings, made from `gateway.config`."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from dynamic_databases.aliases import DatabaseAliases
from dynamic_databases.config.urls import config_from_url
from gateway.config import InvalidSetting, load_config
from gateway.private_file import keep_reserve, make_private

try:
    GATEWAY = load_config()
except InvalidSetting as error:
    raise ImproperlyConfigured(str(error)) from None

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = GATEWAY.demo
SECRET_KEY, *SECRET_KEY_FALLBACKS = GATEWAY.django_secret_keys
ALLOWED_HOSTS = list(GATEWAY.allowed_http_hosts)

INSTALLED_APPS = [
    "dynamic_databases.apps.DynamicDatabasesConfig",  # first: the others ask it when they get ready
    "tenants.apps.TenantsConfig",
    "schema.apps.SchemaConfig",
    "gateway.apps.GatewayConfig",
    "gateway.login.apps.LoginConfig",
    "gateway.login.apps.LoginAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "gateway.site_access.listed_hosts",
    "gateway.site_access.secure_cookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "gateway.urls"
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

DATABASES = DatabaseAliases(
    {"default": config_from_url(GATEWAY.control_database_url)},
    prefix=GATEWAY.alias_prefix,
    separator=GATEWAY.alias_separator,
)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # of those that threads keep between requests
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["ENGINE"] = "gateway.control.postgresql"  # with deadlines
    # The kernel ends connections whose peer vanished; libpq's own names of its options.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 2,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
else:
    # Several processes share the file: wait for each other's writes, and let readers read on.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    _control_file = Path(DATABASES["default"]["NAME"])
    make_private(_control_file)
    GATEWAY_DISK_RESERVE = _control_file.with_name(f"{_control_file.name}.reserve")
    keep_reserve(GATEWAY_DISK_RESERVE)
DATABASE_CONNECTION_POOLING = False  # Microsoft's driver: connections are kept by us alone
DATABASE_ROUTERS = ["dynamic_databases.router.DynamicDatabasesRouter"]
DYNAMIC_DATABASES_PREFIX = GATEWAY.alias_prefix
DYNAMIC_DATABASES_SEPARATOR = GATEWAY.alias_separator
GATEWAY_SECRET_KEYS = GATEWAY.secret_keys
GATEWAY_SECRET_FILES_ROOT = GATEWAY.secret_files_root
GATEWAY_SECRET_ENV = GATEWAY.secret_env
GATEWAY_SECRET_FILES = GATEWAY.secret_files
GATEWAY_SECRET_OWN_FOLDER = GATEWAY.data_dir
GATEWAY_SQLITE_ROOT = GATEWAY.sqlite_root
GATEWAY_SQLITE_VALUE_BYTES = GATEWAY.sqlite_value_bytes
GATEWAY_SQLITE_MEMORY_BYTES = GATEWAY.sqlite_memory_bytes
GATEWAY_MAX_TABLES = GATEWAY.max_tables
GATEWAY_MAX_COLUMNS = GATEWAY.max_columns
GATEWAY_OVERRIDES_DIR = GATEWAY.overrides_dir
GATEWAY_ALLOWED_HOSTS = GATEWAY.allowed_hosts
GATEWAY_DENIED_NETWORKS = GATEWAY.denied_networks
GATEWAY_CONNECT_TIMEOUT_SECONDS = GATEWAY.connect_timeout_seconds
GATEWAY_DEADLINE_MS = GATEWAY.deadline_ms
GATEWAY_MAX_IDLE_CONNECTIONS = GATEWAY.max_idle_connections
GATEWAY_SERVER_CONNECTIONS = GATEWAY.server_connections
GATEWAY_IDLE_CONNECTION_SECONDS = GATEWAY.idle_connection_seconds
GATEWAY_RECEIVE_LIMIT_BYTES = GATEWAY.receive_limit_bytes
GATEWAY_POLL_SECONDS = GATEWAY.poll_seconds
GATEWAY_REPLICA_MAX_LAG_SECONDS = GATEWAY.replica_max_lag_seconds
GATEWAY_CONTROLLER = GATEWAY.controller
GATEWAY_CONTROLLER_CHECK_SECONDS = GATEWAY.controller_check_seconds
GATEWAY_USER_HASHERS = GATEWAY.user_hashers
GATEWAY_SESSION_TO_DATABASE = GATEWAY.session_to_database
GATEWAY_SESSION_SET_ROLE = GATEWAY.session_set_role

AUTHENTICATION_BACKENDS = [
    "gateway.login.tenant_users.TenantUserBackend",  # first: it takes the log-ins with a tenant
    "gateway.login.backend.LoginBackend",
    "django.contrib.auth.backends.ModelBackend",  # named by the sessions
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DATA_UPLOAD_MAX_MEMORY_SIZE = GATEWAY.body_limit_bytes  # the gateway has counted already
STATIC_URL = "/static/"
STATIC_ROOT = GATEWAY.static_root
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "gateway.http.static_files.StaticStorage"},
}
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "gateway.site_access.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
LOGGING_CONFIG = None  # gateway.log sets up logging
