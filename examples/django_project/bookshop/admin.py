"""What the admin shows of tables whose models come from a catalog."""

from django.contrib import admin


class AuthorAdmin(admin.ModelAdmin):
    """The authors of a registered database; `bookshop/urls.py` registers them."""

    list_display = ["name"]
    search_fields = ["name"]
