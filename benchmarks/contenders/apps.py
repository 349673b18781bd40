"""The contenders' Django app."""

from django.apps import AppConfig


class Contenders(AppConfig):
    name = "benchmarks.contenders"
    label = "contenders"
