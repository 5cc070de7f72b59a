"""What training reads from the environment: the cluster, and the peers that its jobs need."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  pydantic reads the annotation when the class is made

from common.settings import Address, ServiceSettings


class Settings(ServiceSettings):
    """Settings of training, each ``DOKPAMO_<NAME>``."""

    # Address of Ray's Jobs API, for example "http://127.0.0.1:8265".
    ray_address: str
    # Jobs push their checkpoints there, and it says whether they have.
    registry_address: Address
    # Signs the short-lived token with which a job speaks for its team.
    service_key: Path
    # Folder with the key by which each team's jobs sign what they push, TEAM.pem, as the cluster's nodes see it: a
    # secret that the team puts there itself. The service reads none of them. None: jobs push unsigned.
    job_keys: Path | None = None
