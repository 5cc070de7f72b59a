"""Where everything of a stack is: one frozen record for the commands, the SDK and the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from client.stack.home import StackHome, locate
from client.stack.plan import GRPC_SERVICES, Plan, read_plan
from client.stack.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class NoStackError(Exception):
    """There is no stack in the folder: `dokpamo up` was never called for it."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses, keys and files of an embedded stack.

    Attributes:
        home: Its folder.
        id: The mark of its processes.
        database_url: PostgreSQL; holds the password.
        kafka_bootstrap: `host:port` of the brokers.
        s3_endpoint: URL of the S3 gateway.
        s3_access_key: Key of the one S3 identity.
        s3_secret_key: Its secret.
        mlflow_uri: URL of the MLflow server.
        ray_address: URL of Ray's Jobs API.
        services: `host:port` of each gRPC service by name.
        downloads_url: What to set as HF_ENDPOINT: released models by HTTP.
        console_url: The page to open.
    """

    home: Path
    id: str
    database_url: str
    kafka_bootstrap: tuple[str, ...]
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    mlflow_uri: str
    ray_address: str
    services: Mapping[str, str]
    downloads_url: str
    console_url: str

    @property
    def service_key(self) -> Path:
        """Private key of the development issuer: it signs tokens for anybody. Services sign their own with it too."""
        return self.home / "keys" / "issuer.pem"

    @property
    def token_keys(self) -> Path:
        """Public keys of those whose tokens are good, as a JSON Web Key Set."""
        return self.home / "keys" / "tokens.jwks.json"

    @property
    def job_keys(self) -> Path:
        """Folder for the keys by which teams' training jobs sign what they push, `TEAM.pem`."""
        return StackHome(self.home).job_keys

    @property
    def notary_key(self) -> Path:
        """Private key with which the notary signs the log's heads."""
        return self.home / "keys" / "notary.pem"

    @property
    def webhook_key(self) -> Path:
        """Private key from which selection derives the secrets of webhooks."""
        return self.home / "keys" / "webhooks.pem"

    @property
    def virtual_clock(self) -> Path:
        """File of the clock that all processes share."""
        return StackHome(self.home).clock

    def environment(self) -> dict[str, str]:
        """Return what a process of the platform reads from its environment, but for where it listens itself."""
        return {
            "DOKPAMO_ENVIRONMENT": "embedded",
            "DOKPAMO_DATABASE_URL": self.database_url,
            "DOKPAMO_KAFKA_BOOTSTRAP": ",".join(self.kafka_bootstrap),
            "DOKPAMO_S3_ENDPOINT": self.s3_endpoint,
            "DOKPAMO_S3_ACCESS_KEY": self.s3_access_key,
            "DOKPAMO_S3_SECRET_KEY": self.s3_secret_key,
            "DOKPAMO_MLFLOW_URI": self.mlflow_uri,
            "DOKPAMO_RAY_ADDRESS": self.ray_address,
            "DOKPAMO_TOKEN_KEYS": str(self.token_keys),
            "DOKPAMO_SERVICE_KEY": str(self.service_key),
            "DOKPAMO_JOB_KEYS": str(self.job_keys),
            "DOKPAMO_NOTARY_KEY": str(self.notary_key),
            "DOKPAMO_WEBHOOK_KEY": str(self.webhook_key),
            # Whoever tries webhooks out listens on this machine.
            "DOKPAMO_WEBHOOKS_REACH_OWN_NETWORK": "true",
            "DOKPAMO_DOWNLOADS_URL": self.downloads_url,
            "DOKPAMO_VIRTUAL_CLOCK": str(self.virtual_clock),
        } | {f"DOKPAMO_{service.upper()}_ADDRESS": address for service, address in self.services.items()}


def load(home: StackHome | None = None) -> Stack:
    """Return the record of the stack in `home`, by default the one `locate()` finds.

    Raises:
        NoStackError: There is none.
    """
    home = home or locate()
    plan = read_plan(home)
    if plan is None:
        raise NoStackError(f"there is no stack in {home.path}: start one with `dokpamo up`")
    return of_plan(home, plan)


def of_plan(home: StackHome, plan: Plan) -> Stack:
    """Return the record of a planned stack."""
    ports, others = plan.ports, plan.external
    own_database = f"postgresql://dokpamo:{plan.passwords['postgres']}@{HOST}:{ports['postgres']}/dokpamo"
    return Stack(
        home=home.path,
        id=plan.id,
        database_url=others.get("DOKPAMO_DATABASE_URL", own_database),
        kafka_bootstrap=tuple(others.get("DOKPAMO_KAFKA_BOOTSTRAP", f"{HOST}:{ports['kafka']}").split(",")),
        s3_endpoint=others.get("DOKPAMO_S3_ENDPOINT", f"http://{HOST}:{ports['s3-0']}"),
        s3_access_key=others.get("DOKPAMO_S3_ACCESS_KEY", plan.passwords["s3-key"]),
        s3_secret_key=others.get("DOKPAMO_S3_SECRET_KEY", plan.passwords["s3"]),
        mlflow_uri=others.get("DOKPAMO_MLFLOW_URI", f"http://{HOST}:{ports['mlflow']}"),
        ray_address=others.get("DOKPAMO_RAY_ADDRESS", f"http://{HOST}:{ports['ray-1']}"),
        services={service: f"{HOST}:{ports[service]}" for service in GRPC_SERVICES},
        downloads_url=f"http://{HOST}:{ports['downloads']}",
        console_url=f"http://{HOST}:{ports['console']}",
    )
