"""A view of the project's own that reads a tenant's database by its models."""

from django.contrib.auth import authenticate
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.connection import ConnectionDoesNotExist
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from bookshop.models import Author, Writer
from bookshop.schema import schema
from dynamic_databases.table_columns import UnknownColumn
from gateway.login.errors import LoginRefused
from gateway.login.sessions import begin_session
from tenants.models import TenantDatabase


def authors(request: HttpRequest) -> JsonResponse:
    """List the authors of acme; `?env=` chooses the environment."""
    environment = request.GET.get("env", "production")
    attached = get_object_or_404(TenantDatabase, tenant__slug="acme", environment__name=environment)
    author = attached.database.get_model("author")
    return JsonResponse({"authors": list(author.objects.order_by("pk").values("id", "name"))})


def authors_of(_request: HttpRequest, tenant: str) -> JsonResponse:
    """List the authors of a tenant by the project's own model."""
    try:
        return JsonResponse({"authors": [one.name for one in Author.objects.using(tenant)]})
    except ConnectionDoesNotExist:
        raise Http404 from None


def writers_of(_request: HttpRequest, tenant: str, column: str, value: str) -> JsonResponse:
    """Find the authors of a tenant by a column that no class declares."""
    try:
        found = Writer.objects.using(tenant).custom(**{column: value})
        return JsonResponse({"found": [{"name": one.name, **one.custom_fields} for one in found]})
    except UnknownColumn as error:
        return JsonResponse({"error": str(error)}, status=400)


def names(_request: HttpRequest) -> JsonResponse:
    """List the names of acme's authors by GraphQL, without HTTP and without a token."""
    result = schema.execute("{ author(orderBy: {name: ASC}) { name } }")
    return JsonResponse({"names": [author["name"] for author in result.data["author"]]})


@csrf_exempt  # it reads no cookie
@require_POST
@sensitive_post_parameters("password")
def log_in(request: HttpRequest, tenant: str) -> JsonResponse:
    """Give a person of the tenant's own user table a token for GraphQL."""
    name, password = request.POST.get("email"), request.POST.get("password")
    try:
        user = authenticate(request, tenant=tenant, username=name, password=password)
    except LoginRefused as error:
        return JsonResponse({"error": str(error)}, status=error.status)
    if user is None:
        return JsonResponse({"error": "The email or the password is wrong."}, status=401)
    tokens = begin_session(user.person)
    return JsonResponse({"token": tokens.access_token, "refresh": tokens.refresh_token})
