"""Plain graphene-django: types of models, resolvers that return querysets."""

import os

import graphene
from django.core.asgi import get_asgi_application
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.contenders.settings")
application = get_asgi_application()

from graphene_django import DjangoObjectType
from graphene_django.views import GraphQLView

from benchmarks.contenders import models


class Track(DjangoObjectType):
    class Meta:
        model = models.Track
        fields = "__all__"

    album_id = graphene.Int()
    genre_id = graphene.Int()
    track_id = graphene.Int()


class Album(DjangoObjectType):
    class Meta:
        model = models.Album
        fields = "__all__"

    tracks = graphene.List(graphene.NonNull(Track), limit=graphene.Int())

    def resolve_tracks(self, _info, limit=100):
        return self.tracks.all()[:limit]


class Artist(DjangoObjectType):
    class Meta:
        model = models.Artist
        fields = "__all__"

    albums = graphene.List(graphene.NonNull(Album), limit=graphene.Int())

    def resolve_albums(self, _info, limit=100):
        return self.albums.all()[:limit]


class Contact(DjangoObjectType):
    class Meta:
        model = models.Contact
        fields = "__all__"


class Query(graphene.ObjectType):
    track_by_pk = graphene.Field(Track, track_id=graphene.Int())
    long_tracks = graphene.List(graphene.NonNull(Track), min=graphene.Int())
    tracks_after = graphene.List(graphene.NonNull(Track), min=graphene.Int())
    artists = graphene.List(graphene.NonNull(Artist), limit=graphene.Int(), offset=graphene.Int())
    contacts_after = graphene.List(graphene.NonNull(Contact), min=graphene.Int())

    def resolve_track_by_pk(self, _info, track_id):
        return models.Track.objects.filter(pk=track_id).first()

    def resolve_long_tracks(self, _info, min):
        return models.Track.objects.filter(milliseconds__gt=min).order_by("milliseconds", "pk")[
            :100
        ]

    def resolve_tracks_after(self, _info, min):
        return models.Track.objects.filter(pk__gt=min)[:100]

    def resolve_artists(self, _info, limit, offset):
        return models.Artist.objects.all()[offset : offset + limit]

    def resolve_contacts_after(self, _info, min):
        return models.Contact.objects.filter(pk__gt=min)[:50]


class Rename(graphene.Mutation):
    class Arguments:
        id = graphene.Int()
        name = graphene.String()

    track = graphene.Field(Track)

    def mutate(self, _info, id, name):
        track = models.Track.objects.get(pk=id)
        track.name = name
        track.save()
        return Rename(track=track)


class Note(DjangoObjectType):
    class Meta:
        model = models.Note
        fields = "__all__"


class AddNote(graphene.Mutation):
    class Arguments:
        text = graphene.String()

    note = graphene.Field(Note)

    def mutate(self, _info, text):
        return AddNote(note=models.Note.objects.create(text=text))


class Mutation(graphene.ObjectType):
    rename = Rename.Field()
    add_note = AddNote.Field()


schema = graphene.Schema(query=Query, mutation=Mutation)
urlpatterns = [path("graphql", csrf_exempt(GraphQLView.as_view(schema=schema)))]
