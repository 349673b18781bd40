"""Django for the contenders written with it: the bench database, nothing else."""

import os
from urllib.parse import urlsplit

_url = urlsplit(os.environ["BENCH_URL"])
SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "benchmarks.contenders.apps.Contenders"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # it sets Content-Length
ROOT_URLCONF = os.environ.get("BENCH_URLS", "benchmarks.contenders.graphene_plain")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path[1:],
        "USER": _url.username,
        "PASSWORD": _url.password or "",
        "HOST": _url.hostname,
        "PORT": _url.port or 5432,
        # Under ASGI a request has a thread of its own: kept connections would be one for each.
        "OPTIONS": {"pool": {"min_size": 4, "max_size": 16}},
    }
}
