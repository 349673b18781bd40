"""The tables as static models, as people write them by hand."""

from django.db import models


class Genre(models.Model):
    genre_id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "genre"


class Artist(models.Model):
    artist_id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = "artist"
        ordering = ["artist_id"]


class Album(models.Model):
    album_id = models.IntegerField(primary_key=True)
    title = models.CharField(max_length=160)
    artist = models.ForeignKey(Artist, models.CASCADE, related_name="albums")

    class Meta:
        managed = False
        db_table = "album"
        ordering = ["album_id"]


class Track(models.Model):
    track_id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=200)
    album = models.ForeignKey(Album, models.CASCADE, related_name="tracks", null=True)
    genre = models.ForeignKey(Genre, models.CASCADE, related_name="tracks", null=True)
    composer = models.CharField(max_length=200, null=True, blank=True)
    milliseconds = models.IntegerField()
    bytes = models.IntegerField(null=True, blank=True)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        managed = False
        db_table = "track"
        ordering = ["track_id"]


class Note(models.Model):
    note_id = models.AutoField(primary_key=True)
    text = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "note"


_KINDS = (
    lambda: models.CharField(max_length=80, null=True),
    lambda: models.IntegerField(null=True),
    lambda: models.DateField(null=True),
    lambda: models.BooleanField(null=True),
)
_CUSTOM = {f"base_{i}": _KINDS[i % 4]() for i in range(1, 50)} | {
    f"cf_{i}": _KINDS[i % 4]() for i in range(750)
}
Contact = type(
    "Contact",
    (models.Model,),
    {
        "__module__": __name__,
        "contact_id": models.IntegerField(primary_key=True),
        "Meta": type(
            "Meta", (), {"managed": False, "db_table": "contact", "ordering": ["contact_id"]}
        ),
        **_CUSTOM,
    },
)
