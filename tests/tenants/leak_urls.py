"""Views that read whose rows they see, in every way a view can be written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from tenants.scope import in_tenant, scoped_tenant
from tenants.workspace.models import Team

CHUNKS = 4


def teams() -> list[str]:
    return list(Team.objects.values_list("name", flat=True))


def plain(request: HttpRequest) -> HttpResponse:
    return JsonResponse(teams(), safe=False)


def rolled_back(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        Team.objects.create(name="never")
        transaction.set_rollback(True)
    return JsonResponse(teams(), safe=False)


def broken(request: HttpRequest) -> HttpResponse:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    return HttpResponse()


async def asynchronous(request: HttpRequest) -> HttpResponse:
    return JsonResponse([name async for name in Team.objects.values_list("name", flat=True)], safe=False)


async def gathered(request: HttpRequest) -> HttpResponse:
    free = sync_to_async(teams, thread_sensitive=False)
    found = await asyncio.gather(in_tenant(scoped_tenant(), teams), free(), sync_to_async(teams)())
    return JsonResponse([name for names in found for name in names], safe=False)


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[str]:
        for _ in range(CHUNKS):
            yield from teams()
            yield "\n"

    return StreamingHttpResponse(chunks())


async def streamed_asynchronously(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[str]:
        for _ in range(CHUNKS):
            await asyncio.sleep(0)
            async for name in Team.objects.values_list("name", flat=True):
                yield name
            yield "\n"

    return StreamingHttpResponse(chunks())


urlpatterns = [
    path("plain/", plain),
    path("rolled-back/", rolled_back),
    path("broken/", broken),
    path("asynchronous/", asynchronous),
    path("gathered/", gathered),
    path("streamed/", streamed),
    path("streamed-asynchronously/", streamed_asynchronously),
]
