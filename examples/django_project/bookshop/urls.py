"""The project's own pages, and GraphQL beside them."""

from django.contrib import admin
from django.urls import path

from bookshop.views import authors, authors_of, names
from gateway.views import GraphQLView

urlpatterns = [
    path("authors/", authors),
    path("names/", names),
    path("t/<slug:tenant>/authors/", authors_of),
    path("graphql", GraphQLView.as_view(tenant="acme")),
    path("t/<slug:tenant>/graphql", GraphQLView.as_view()),
    path("admin/", admin.site.urls),
]
