"""Rows of registered databases in Django's admin: listed, searched, edited, deleted."""

from __future__ import annotations

from django.contrib import admin
from django.db import connections
from django.test.utils import CaptureQueriesContext

from dynamic_databases.models import Baseline
from dynamic_databases.process import process_registry
from tests.fixtures.databases import execute
from tests.fixtures.table_admin import form_of, page_of, registered, text_of


def test_rows_are_listed_searched_and_filtered(client, site, shop) -> None:
    site(
        registered(
            shop, list_display=["name", "country"], search_fields=["name"], list_filter=["country"]
        )
    )
    artists = page_of(shop, "artist")

    assert "3 artist" in text_of(client.get(artists))
    found = text_of(client.get(artists, {"q": "jör"}))
    assert "Björk" in found
    assert "Coltrane" not in found
    assert "Ada" in text_of(client.get(artists, {"country": "AT"}))
    assert "1 artist" in text_of(client.get(artists, {"country__isnull": "True"}))
    assert "Shop" not in text_of(client.get("/tables/"))


def test_a_filter_by_a_relation_offers_rows_of_the_database(client, site, shop) -> None:
    one = admin.AdminSite()
    one.register(shop.get_model("album"), list_filter=["artist"], list_display=["title", "artist"])
    site(one)

    page = text_of(client.get(page_of(shop, "album"), {"artist__artist_id__exact": 1}))
    assert "Second" in page
    assert "Homogenic" not in page
    assert page.count("Coltrane") == 1  # among the filters


def test_a_row_is_added_edited_and_deleted(client, site, shop) -> None:
    site(registered(shop))
    artist = shop.get_model("artist")

    added = client.post(page_of(shop, "artist", "add/"), {"name": "New", "country": ""})
    assert added.status_code == 302
    row = artist.objects.get(name="New")
    assert row.country is None
    page = page_of(shop, "artist", f"{row.pk}/change/")
    assert client.post(page, form_of(client, page) | {"country": "FR"}).status_code == 302
    assert artist.objects.get(pk=row.pk).country == "FR"
    assert "Changed Country" in text_of(client.get(page_of(shop, "artist", f"{row.pk}/history/")))
    assert (
        client.post(page_of(shop, "artist", f"{row.pk}/delete/"), {"post": "yes"}).status_code
        == 302
    )
    assert not artist.objects.filter(pk=row.pk).exists()


def test_an_edit_writes_the_changed_columns_alone(client, site, shop) -> None:
    site(registered(shop))
    execute(shop.url, "UPDATE album SET title = ' spaces ' WHERE album_id = 2")
    page = page_of(shop, "album", "2/change/")
    data = form_of(client, page)
    updates: list[str] = []
    for values in (data, data | {"price": "1.50"}):
        with CaptureQueriesContext(connections[shop.label]) as sent:
            client.post(page, values)
        updates += [q["sql"] for q in sent.captured_queries if q["sql"].startswith("UPDATE")]
    (update,) = updates
    assert "price" in update
    assert "title" not in update
    assert execute(shop.url, "SELECT title FROM album WHERE album_id = 2") == [(" spaces ",)]


def test_columns_beyond_the_baseline_are_edited(client, site, shop) -> None:
    shop.baseline = Baseline.capture(shop, "music")
    shop.save()
    execute(shop.url, "ALTER TABLE artist ADD COLUMN cf_label VARCHAR(20)")
    process_registry().refresh(shop.label)
    site(registered(shop))
    page = page_of(shop, "artist", "1/change/")

    client.post(page, form_of(client, page) | {"cf_label": "Motown"})

    assert shop.get_model("artist").objects.get(pk=1).custom_fields == {"cf_label": "Motown"}


def test_a_deletion_lists_the_rows_that_refer_to_it(client, site, shop) -> None:
    site(registered(shop))

    page = client.get(page_of(shop, "artist", "1/delete/"))
    assert "2 in album (artist)" in text_of(page)
    data = {"action": "delete_selected", "_selected_action": ["1", "2"]}
    assert "3 in album (artist)" in text_of(client.post(page_of(shop, "artist"), data))
    alone = shop.get_model("artist").objects.create(name="Alone")
    assert " in album" not in text_of(client.get(page_of(shop, "artist", f"{alone.pk}/delete/")))


def test_selected_rows_are_deleted(client, site, shop) -> None:
    site(registered(shop))
    artist = shop.get_model("artist")
    keys = [artist.objects.create(name=name).pk for name in ("x", "y")]
    data = {"action": "delete_selected", "_selected_action": keys}

    assert "Are you sure" in text_of(client.post(page_of(shop, "artist"), data))
    client.post(page_of(shop, "artist"), data | {"post": "yes"})
    assert not artist.objects.filter(pk__in=keys).exists()


def test_related_rows_are_edited_inline(client, site, shop) -> None:
    class Albums(admin.TabularInline):
        model = shop.get_model("album")
        fields = ["title"]
        extra = 0

    one = admin.AdminSite()
    one.register(shop.get_model("artist"), inlines=[Albums])
    site(one)
    page = page_of(shop, "artist", "2/change/")

    assert "Homogenic" in client.get(page).content.decode()
    prefix = client.get(page).context["inline_admin_formsets"][0].formset.prefix
    (album,) = shop.get_model("album").objects.filter(artist_id=2)
    data = {
        f"{prefix}-TOTAL_FORMS": 1,
        f"{prefix}-INITIAL_FORMS": 1,
        f"{prefix}-0-album_id": album.pk,
        f"{prefix}-0-artist": 2,
        f"{prefix}-0-title": "Debut",
    }
    assert client.post(page, form_of(client, page) | data).status_code == 302
    assert shop.get_model("album").objects.get(pk=album.pk).title == "Debut"
