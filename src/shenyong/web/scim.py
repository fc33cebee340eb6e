"""Provisioning: the agency's directory keeps our people by SCIM 2.0 (RFC 7643, 7644).

Users only; their roles are SCIM's own ``roles``, their unit the enterprise extension's department.
Who is set inactive signs in no more, and the person's keys open nothing; nobody is ever deleted,
for the ledger names people for years. Each change is an entry in the agency's ledger.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from pydantic import ValidationError
from scim2_models import (
    URN,
    ComplexAttribute,
    Context,
    EnterpriseUser,
    Error,
    Extension,
    ListResponse,
    PatchOp,
    Required,
    Resource,
    ResourceType,
    Schema,
    SCIMException,
    SearchRequest,
    ServiceProviderConfig,
    Uniqueness,
    User,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shenyong.governance import Actor
from shenyong.registry import Person, Role
from shenyong.storage import registry as stored
from shenyong.web.context import Desk, now
from shenyong.web.keys import drafting_keys

_Full = User[EnterpriseUser]
"""What a directory may send: all of SCIM's user; what we don't keep is passed over."""


class RoleName(StrEnum):
    """The roles, for the schema that we publish."""

    OFFICIAL = "official"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    CISO = "ciso"
    DPO = "dpo"
    PROCUREMENT = "procurement"
    ADMIN = "admin"


class KeptRole(ComplexAttribute):
    """A role that we keep."""

    value: RoleName | None = None


class KeptUnit(Extension):
    """What we keep of the enterprise extension: the unit."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    department: str | None = None


class KeptUser(Resource[KeptUnit]):
    """What we keep of a user, and what our schema says."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    # These always have a value here, so the schema calls them required; a request may lack them.
    display_name: Annotated[str | None, Required.true] = None
    title: str | None = None
    active: Annotated[bool | None, Required.true] = None
    roles: Annotated[list[KeptRole] | None, Required.true] = None


_Kept = KeptUser
_Search = SearchRequest[_Kept]
_TYPE = "application/scim+json"
_MOST = 256 * 1024
_PAGE = 100
_YEARS = 3 * 365 * 86_400_000_000
Answer = tuple[int, dict[str, Any] | None]


def token_of(pepper: bytes, agency: str, generation: int) -> str:
    """The bearer token of an agency's directory: derived, so stored nowhere."""
    mac = hmac.digest(pepper, f"shenyong/scim/{generation}\0{agency}".encode(), "sha256")
    return f"scim-{generation}-{mac.hex()}"


class ScimError(Exception):
    """An answer of the protocol: a status, and SCIM's own type of error."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind = status, detail, kind


def application(desk: Desk) -> Starlette:
    """The SCIM server of all agencies: ``/{agency}/Users`` and what describes it."""
    directory = Directory(desk)
    routes = [
        _route("/{agency}/Users", directory.listed, "GET"),
        _route("/{agency}/Users", directory.create, "POST"),
        _route("/{agency}/Users/.search", directory.search, "POST"),
        _route("/{agency}/.search", directory.search, "POST"),  # users are all that there is
        _route("/{agency}/Users/{id}", directory.get, "GET"),
        _route("/{agency}/Users/{id}", directory.replace, "PUT"),
        _route("/{agency}/Users/{id}", directory.patch, "PATCH"),
        _route("/{agency}/Users/{id}", directory.remove, "DELETE"),
        _route("/{agency}/ServiceProviderConfig", directory.about, "GET"),
        _route("/{agency}/ResourceTypes", directory.types, "GET"),
        _route("/{agency}/ResourceTypes/{id}", directory.types, "GET"),
        _route("/{agency}/Schemas", directory.schemas, "GET"),
        _route("/{agency}/Schemas/{id:path}", directory.schemas, "GET"),
    ]

    async def plain(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        return _response(status, Error(status=status, detail="no such resource").model_dump())

    return Starlette(routes=routes, exception_handlers={404: plain, 405: plain})


Handler = Callable[[Request], Awaitable[Answer]]


def _route(path: str, handler: Handler, *methods: str) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            status, body = await handler(request)
        except ScimError as error:
            told = Error(status=error.status, detail=error.detail, scim_type=error.kind or None)
            status, body = error.status, told.model_dump()
        except SCIMException as error:
            told = error.to_error()
            status, body = int(told.status or 400), told.model_dump()
        except ValidationError:
            told = Error(status=400, detail="not a valid resource", scim_type="invalidValue")
            status, body = 400, told.model_dump()
        return _response(status, body)

    return Route(path, endpoint, methods=list(methods))


def _response(status: int, body: dict[str, Any] | None) -> Response:
    content = b"" if body is None else msgspec.json.encode(body)
    headers = {"cache-control": "no-store"}
    if status == 201 and body:
        headers["location"] = str(body.get("meta", {}).get("location", ""))
    return Response(content, status, media_type=_TYPE, headers=headers)


class Directory:
    """The people of an agency as SCIM's users; whom the directory removed are not among them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._one = asyncio.Lock()

    def _agency(self, request: Request) -> str:
        """The agency, if the request bears its token. Raises ScimError."""
        agency = str(request.path_params["agency"])
        settings = self._desk.settings.scim
        scheme, _, told = request.headers.get("authorization", "").partition(" ")
        right = token_of(self._desk.pepper, agency, settings.generation)
        good = scheme.lower() == "bearer" and hmac.compare_digest(told.strip(), right)
        if not good or not settings.enabled:
            raise ScimError(401, "no valid token")
        if agency not in self._desk.worker.world.registry.agencies:
            raise ScimError(404, "no such agency")
        return agency

    async def _body(self, request: Request) -> Any:
        raw = b""
        async for part in request.stream():
            raw += part
            if len(raw) > _MOST:
                raise ScimError(413, "too large")
        try:
            return msgspec.json.decode(raw)
        except (msgspec.MsgspecError, RecursionError):
            raise ScimError(400, "not JSON", "invalidSyntax") from None

    def _people(self, agency: str) -> dict[str, Person]:
        """The agency's people as the database has them now."""
        with self._desk.engine.connect() as connection:
            found = stored.load(connection).people.values()
        return {each.id: each for each in found if each.agency == agency and each.external != _GONE}

    async def _person(self, request: Request, agency: str) -> Person:
        people = await asyncio.to_thread(self._people, agency)
        found = people.get(str(request.path_params["id"]))
        if found is None:
            raise ScimError(404, "no such user")
        return found

    def _user(self, request: Request, person: Person) -> Any:
        base = str(request.base_url).rstrip("/")
        user = _Kept(
            id=person.id,
            user_name=person.user_name or person.id,
            external_id=person.external or None,
            display_name=person.name,
            title=person.title or None,
            active=person.active,
            roles=[KeptRole(value=RoleName(each)) for each in (person.role, *person.also)],
        )
        user[KeptUnit] = KeptUnit(department=person.unit or None)
        user.meta = {  # type: ignore[assignment]
            "resourceType": "User",
            "location": f"{base}/{person.agency}/Users/{person.id}",
        }
        return user

    def _told(
        self, request: Request, person: Person, context: Any, asked: Any = None
    ) -> dict[str, Any]:
        return self._dumped(self._user(request, person), context, asked)

    async def listed(self, request: Request) -> Answer:
        """``GET /Users`` with a filter and pages."""
        agency = self._agency(request)
        asked: Any = _Search.model_validate(dict(request.query_params))
        return await self._search(request, agency, asked, Context.RESOURCE_QUERY_RESPONSE)

    async def search(self, request: Request) -> Answer:
        """``POST /Users/.search``."""
        agency = self._agency(request)
        asked: Any = _Search.model_validate(
            await self._body(request), scim_ctx=Context.SEARCH_REQUEST
        )
        return await self._search(request, agency, asked, Context.SEARCH_RESPONSE)

    async def _search(self, request: Request, agency: str, asked: Any, context: Any) -> Answer:
        people = await asyncio.to_thread(self._people, agency)
        users = [self._user(request, each) for _, each in sorted(people.items())]
        if asked.filter:
            users = [each for each in users if asked.filter.match(each)]
        start = max(asked.start_index or 1, 1)
        count = _PAGE if asked.count is None else max(min(asked.count, _PAGE), 0)
        chosen = users[start - 1 : start - 1 + count]
        told = [self._dumped(each, context, asked) for each in chosen]
        body: dict[str, Any] = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": len(users), "startIndex": start, "itemsPerPage": len(told),
        }  # fmt: skip
        return 200, {**body, "Resources": told} if told else body

    def _dumped(self, user: Any, context: Any, asked: Any = None) -> dict[str, Any]:
        """A user as JSON, with the attributes that were asked for."""
        return dict(user.model_dump(scim_ctx=context, response_parameters=asked))

    async def get(self, request: Request) -> Answer:
        """``GET /Users/{id}``."""
        person = await self._person(request, self._agency(request))
        asked: Any = _Search.model_validate(dict(request.query_params))
        return 200, self._told(request, person, Context.RESOURCE_QUERY_RESPONSE, asked)

    async def create(self, request: Request) -> Answer:
        """``POST /Users``."""
        agency = self._agency(request)
        user = _Full.model_validate(
            await self._body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST
        )
        async with self._one:
            empty = Person(f"p{secrets.token_hex(6)}", agency, "", Role.OFFICIAL)
            made = await self._saved(_person(empty, user), "person.create")
        return 201, self._told(request, made, Context.RESOURCE_CREATION_RESPONSE)

    async def replace(self, request: Request) -> Answer:
        """``PUT /Users/{id}``."""
        agency = self._agency(request)
        user = _Full.model_validate(
            await self._body(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST
        )
        async with self._one:
            person = await self._person(request, agency)
            empty = Person(person.id, agency, "", Role.OFFICIAL, trained_until=person.trained_until,
                           subject=person.subject)  # fmt: skip
            made = await self._saved(_person(empty, user), "person.replace")
        return 200, self._told(request, made, Context.RESOURCE_REPLACEMENT_RESPONSE)

    async def patch(self, request: Request) -> Answer:
        """``PATCH /Users/{id}``: all of its operations, or none."""
        agency = self._agency(request)
        asked = PatchOp[_Full].model_validate(
            await self._body(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST
        )
        async with self._one:
            person = await self._person(request, agency)
            told = self._user(request, person).model_dump()
            user = _Full.model_validate(told)
            asked.patch(user)
            made = await self._saved(_person(person, user), "person.patch")
        return 200, self._told(request, made, Context.RESOURCE_PATCH_RESPONSE)

    async def remove(self, request: Request) -> Answer:
        """``DELETE /Users/{id}``: the person is not active any more, and gone from the directory.

        The record itself stays, for the ledger names it.
        """
        agency = self._agency(request)
        async with self._one:
            person = await self._person(request, agency)
            gone = msgspec.structs.replace(
                person, active=False, external=_GONE, user_name="", subject=""
            )
            await self._saved(gone, "person.remove")
        return 204, None

    async def _saved(self, person: Person, action: str) -> Person:
        """Keep a person with the entry that says so. Raises ScimError (409 uniqueness)."""
        desk, at = self._desk, now()
        people = await asyncio.to_thread(self._people, person.agency)
        for each in people.values():
            if each.id != person.id and person.user_name and each.user_name == person.user_name:
                raise ScimError(409, "the userName is taken", "uniqueness")
        who = Actor("scim", person.agency, frozenset())

        def keep() -> None:
            from shenyong.storage.records import append

            with desk.engine.begin() as connection:
                append(connection, desk.admin(who, action, at, subject=person.id))
                stored.save(connection, person, *drafting_keys(person, desk.pepper, at + _YEARS))

        await asyncio.to_thread(keep)
        if not person.active:
            await desk.accounts.end_others(person.id, "")
        await desk.worker.catch_up()
        return person

    async def about(self, request: Request) -> Answer:
        """``GET /ServiceProviderConfig``."""
        self._agency(request)
        config = ServiceProviderConfig.model_validate({
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": _PAGE},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": False},
            "authenticationSchemes": [{
                "type": "oauthbearertoken", "name": "Bearer token",
                "description": "shenyong scim token", "primary": True,
            }],
            "meta": {"resourceType": "ServiceProviderConfig",
                     "location": f"{_base(request)}/ServiceProviderConfig"},
        })  # fmt: skip
        return 200, config.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

    async def types(self, request: Request) -> Answer:
        """``GET /ResourceTypes``."""
        self._agency(request)
        kind = ResourceType.from_resource(_Kept)
        kind.meta = {"resourceType": "ResourceType",  # type: ignore[assignment]
                     "location": f"{_base(request)}/ResourceTypes/User"}  # fmt: skip
        return self._one_or_all(request, {"User": kind}, ResourceType)

    async def schemas(self, request: Request) -> Answer:
        """``GET /Schemas``."""
        self._agency(request)
        found = {}
        for model in (KeptUser, KeptUnit):
            schema = model.to_schema()
            schema.meta = {"resourceType": "Schema",  # type: ignore[assignment]
                           "location": f"{_base(request)}/Schemas/{schema.id}"}  # fmt: skip
            found[str(schema.id)] = schema
        return self._one_or_all(request, found, Schema)

    def _one_or_all(self, request: Request, found: dict[str, Any], kind: type[Any]) -> Answer:
        if "filter" in request.query_params:
            raise ScimError(403, "no filters here")
        name = request.path_params.get("id")
        if name is not None:
            if name not in found:
                raise ScimError(404, "no such resource")
            return 200, found[name].model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
        response = ListResponse[kind](  # type: ignore[valid-type]
            total_results=len(found), start_index=1, items_per_page=len(found),
            resources=list(found.values()),
        )  # fmt: skip
        return 200, response.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


_GONE = "(removed)"


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/{request.path_params['agency']}"


def _person(before: Person, user: Any) -> Person:
    """The person as the directory says. Raises ScimError for a role that there is not."""
    try:
        roles = [Role(str(each.value)) for each in user.roles or () if each.value]
    except ValueError:
        known = ", ".join(each.value for each in Role)
        raise ScimError(400, f"roles are {known}", "invalidValue") from None
    unit = user[EnterpriseUser].department if user[EnterpriseUser] else ""
    full = user.name.formatted if user.name else ""
    return msgspec.structs.replace(
        before,
        name=(user.display_name or full or user.user_name or "")[:100],
        role=roles[0] if roles else Role.OFFICIAL,
        also=tuple(roles[1:]),
        unit=(unit or "")[:100],
        title=(user.title or "")[:100],
        user_name=user.user_name or "",
        external=user.external_id or "",
        active=user.active is not False,
    )
