"""What the registry reads from the environment: where bytes and names are kept."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  as below
from typing import Annotated, Literal

from common.settings import Address, PlatformSettings, ServiceSettings
from pydantic import Field, SecretStr


class StoreSettings(PlatformSettings):
    """Where bytes are kept, each ``DOKPAMO_<NAME>``."""

    # Address of the S3 API, for example "http://127.0.0.1:8333"; teams reach it too, by presigned URLs.
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: SecretStr
    s3_bucket: str = "checkpoints"
    s3_region: str = "us-east-1"


class DownloadSettings(StoreSettings):
    """Settings of the process that gives releases out by HTTP."""

    # Holds a password, hence no default and not in any text form of the settings.
    database_url: Annotated[str, Field(repr=False)]
    http_listen: Address
    # So many files are sent at once; who comes then is told to come again.
    most_downloads: int = 64


class Settings(StoreSettings, ServiceSettings):
    """Settings of the registry."""

    # Address of the MLflow server, for example "http://127.0.0.1:5000".
    mlflow_uri: str
    # What the parts of a team's checkpoints and open uploads may take, each part counted once; 100 TiB.
    team_quota_bytes: int = 100 * 2**40
    # Where the weights of a checkpoint lie while they are examined; by default the folder for temporary files.
    examination_folder: Path | None = None
    # What they may take there; a larger checkpoint is not examined, and its examination says so. 1 TiB.
    examination_bytes: int = 2**40
    # An upload that nobody touched for so long is given up, and bytes that nothing rests on are removed then: after an
    # hour at least, when every URL to put them has ended.
    sweep_after_days: Annotated[float, Field(ge=1 / 24)] = 7.0
    # Every part is read back so often, and no faster in all than this: 32 MiB/s are 80 TiB a month.
    scrub_every_days: Annotated[float, Field(gt=0)] = 30.0
    scrub_bytes_a_second: Annotated[int, Field(gt=0)] = 32 * 2**20
    # How often the names in MLflow, and the list of all objects, are compared with the tables.
    check_names_every_hours: Annotated[float, Field(gt=0)] = 1.0
    check_objects_every_hours: Annotated[float, Field(gt=0)] = 24.0
    # Whether the store itself keeps the parts of checkpoints from being removed ("object lock"), and for how many days
    # from the last time that they were locked. Turned on, it cannot be turned off for a bucket: it keeps versions then.
    s3_object_lock: Literal["off", "governance", "compliance"] = "off"
    s3_object_lock_days: Annotated[float, Field(gt=0)] = 365.0
