"""What the registry reads from the environment: where bytes and names are kept."""

from __future__ import annotations

from common.settings import ServiceSettings
from pydantic import SecretStr  # noqa: TC002  pydantic reads the annotation when the class is made


class Settings(ServiceSettings):
    """Settings of the registry, each ``DOKPAMO_<NAME>``."""

    # Address of the S3 API, for example "http://127.0.0.1:8333"; teams reach it too, by presigned URLs.
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: SecretStr
    s3_bucket: str = "checkpoints"
    s3_region: str = "us-east-1"
    # Address of the MLflow server, for example "http://127.0.0.1:5000".
    mlflow_uri: str
    # What the parts of a team's checkpoints and open uploads may take, each part counted once; 100 TiB.
    team_quota_bytes: int = 100 * 2**40
