"""strawberry-django with its query optimizer."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.contenders.settings")
os.environ.setdefault("BENCH_URLS", "benchmarks.contenders.strawberry_app")

from django.core.asgi import get_asgi_application

application = get_asgi_application()

import strawberry
import strawberry_django
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from strawberry import auto
from strawberry.django.views import GraphQLView
from strawberry_django.optimizer import DjangoOptimizerExtension

from benchmarks.contenders import models


@strawberry_django.type(models.Artist, pagination=True)
class Artist:
    name: auto
    albums: list["Album"]


@strawberry_django.type(models.Album, pagination=True)
class Album:
    title: auto
    artist: Artist
    tracks: list["Track"]


@strawberry_django.filter_type(models.Track, lookups=True)
class TrackFilter:
    track_id: auto
    milliseconds: auto


@strawberry_django.order_type(models.Track)
class TrackOrder:
    milliseconds: auto
    track_id: auto


@strawberry_django.type(models.Track, pagination=True, filters=TrackFilter, ordering=TrackOrder)
class Track:
    track_id: auto
    name: auto
    composer: auto
    milliseconds: auto
    bytes: auto
    unit_price: auto
    album_id: int | None
    genre_id: int | None
    album: Album | None


@strawberry_django.filter_type(models.Contact, lookups=True)
class ContactFilter:
    contact_id: auto


_FIELDS = [f.name for f in models.Contact._meta.fields]
Contact = strawberry_django.type(models.Contact, pagination=True, filters=ContactFilter)(
    type("Contact", (), {"__annotations__": dict.fromkeys(_FIELDS, auto)})
)


@strawberry_django.type(models.Note)
class Note:
    text: auto


@strawberry.type
class Query:
    track: Track = strawberry_django.field()
    tracks: list[Track] = strawberry_django.field()
    artists: list[Artist] = strawberry_django.field()
    contacts: list[Contact] = strawberry_django.field()


@strawberry_django.partial(models.Track)
class TrackPatch:
    track_id: int
    name: auto


@strawberry_django.input(models.Note)
class NoteInput:
    text: auto


@strawberry.type
class Mutation:
    update_track: Track = strawberry_django.mutations.update(TrackPatch, key_attr="track_id")
    create_note: Note = strawberry_django.mutations.create(NoteInput)


schema = strawberry.Schema(query=Query, mutation=Mutation, extensions=[DjangoOptimizerExtension])
urlpatterns = [path("graphql", csrf_exempt(GraphQLView.as_view(schema=schema)))]
