"""The project's own pages, and GraphQL beside them."""

from django.contrib import admin
from django.urls import path

from bookshop.admin import AuthorAdmin
from bookshop.views import authors, authors_of, log_in, names, writers_of
from dynamic_databases.table_admin import register_tables
from gateway.views import GraphQLView

register_tables(admin.site, "books", {"author": AuthorAdmin})

urlpatterns = [
    path("authors/", authors),
    path("names/", names),
    path("t/<slug:tenant>/authors/", authors_of),
    path("t/<slug:tenant>/login", log_in),
    path("t/<slug:tenant>/writers/<column>/<value>/", writers_of),
    path("graphql", GraphQLView.as_view(tenant="acme")),
    path("t/<slug:tenant>/graphql", GraphQLView.as_view()),
    path("admin/", admin.site.urls),
]
