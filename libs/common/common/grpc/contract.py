"""What the contracts say about RPCs: read from the descriptors, so that no generated stub can disagree with them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import dokpamo
from dokpamo.common.v1 import options_pb2
from google.protobuf import descriptor_pool, message_factory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

PLATFORM_SERVICE: Final = "dokpamo.common.v1.PlatformService"
_REQUEST_ID: Final = "request_id"


class UnknownServiceError(Exception):
    """A service was named that is in no contract."""

    def __init__(self, service: str) -> None:
        """Keep the full name of the `service`."""
        super().__init__(f"{service} is in no contract")
        self.service = service


class AccessUndeclaredError(Exception):
    """An RPC has no usable `(access)` option: nobody may call it, so it must not be served."""

    def __init__(self, method: str, why: str) -> None:
        """Keep the full name of the `method` and what is wrong (`why`)."""
        super().__init__(f"{method}: {why}")
        self.method = method


@dataclass(frozen=True, slots=True)
class Rpc:
    """One RPC: its names, its message classes, who may call it, whether it writes, and whether it answers by a stream.

    `access` is `None` where the contract declares none.
    """

    service: str
    name: str
    request: type[Message]
    response: type[Message]
    access: options_pb2.Access | None
    streams: bool = False

    @property
    def full_name(self) -> str:
        """E.g. "dokpamo.intake.v1.IntakeService/SubmitApplication"."""
        return f"{self.service}/{self.name}"

    @property
    def domain(self) -> str:
        """The domain of its errors, e.g. "dokpamo.intake"."""
        return ".".join(self.service.split(".")[:2])

    @property
    def writes(self) -> bool:
        """Whether it changes something: then its request carries a request id."""
        return _REQUEST_ID in self.request.DESCRIPTOR.fields_by_name


def rpcs_of(service: str) -> list[Rpc]:
    """Return the RPCs of `service` (full name), in the contract's order; raise `UnknownServiceError`."""
    descriptor = _find(service)
    return [
        Rpc(
            service=service,
            name=method.name,
            request=message_factory.GetMessageClass(method.input_type),
            response=message_factory.GetMessageClass(method.output_type),
            access=_access_of(method),
            streams=method.server_streaming,
        )
        for method in descriptor.methods
    ]


def declared_access(rpc: Rpc) -> options_pb2.Access:
    """Return who may call `rpc`; raise `AccessUndeclaredError` for no option, no role, or a field that is not there."""
    access = rpc.access
    if access is None:
        raise AccessUndeclaredError(rpc.full_name, "no (access) option")
    if not access.roles or options_pb2.ROLE_UNSPECIFIED in access.roles:
        raise AccessUndeclaredError(rpc.full_name, "no role may call it")
    for path in filter(None, (access.team_field, access.person_field)):
        if not _has_text_field(rpc.request.DESCRIPTOR, path):
            raise AccessUndeclaredError(rpc.full_name, f"its request has no text field {path!r}")
    return access


def all_services() -> list[str]:
    """Return the full names of all services in all contracts, sorted."""
    return sorted(
        service.full_name for module in _modules("dokpamo") for service in module.DESCRIPTOR.services_by_name.values()
    )


def _find(service: str) -> Any:
    pool = descriptor_pool.Default()
    try:
        return pool.FindServiceByName(service)
    except KeyError:
        # Its contract was not imported by anyone yet.
        _import_all(service.rpartition(".")[0])
    try:
        return pool.FindServiceByName(service)
    except KeyError:
        raise UnknownServiceError(service) from None


def _import_all(package: str) -> None:
    try:
        for _ in _modules(package):
            pass
    except ModuleNotFoundError as error:
        # A package that is not there holds no service; a module that fails to import is another matter.
        if error.name is None or not package.startswith(error.name):
            raise


def _modules(package: str) -> Iterator[Any]:
    folder = dokpamo if package == "dokpamo" else importlib.import_module(package)
    for found in pkgutil.walk_packages(folder.__path__, f"{package}."):
        if found.name.endswith("_pb2"):
            yield importlib.import_module(found.name)


def _access_of(method: Any) -> options_pb2.Access | None:
    options = method.GetOptions()
    return options.Extensions[options_pb2.access] if options.HasExtension(options_pb2.access) else None


def _has_text_field(descriptor: Any, path: str) -> bool:
    name, _, rest = path.partition(".")
    field = descriptor.fields_by_name.get(name)
    if field is None or field.is_repeated:
        return False
    if rest:
        return field.message_type is not None and _has_text_field(field.message_type, rest)
    return bool(field.type == field.TYPE_STRING)
