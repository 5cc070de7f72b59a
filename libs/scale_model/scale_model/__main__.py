"""`python -m scale_model train | evaluate`: one job, told by the environment variable DOKPAMO_JOB.

Exit status: 0 done, 2 the job or the checkpoint it names is invalid, 75 (EX_TEMPFAIL of sysexits) the platform was
away, at fault or took the job's token back, 1 anything else. Whoever runs the job can tell a fault of the platform from
one of the job by it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

PLATFORM_AWAY: Final = 75
JOB_INVALID: Final = 2


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name; return the exit status."""
    # One thread: the figures are then the same on each machine of a kind, and a job takes no more than its core.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    # numpy reads these variables when it is imported.
    from client.sdk.transfer import StoreAwayError

    from scale_model.checkpoint import CheckpointUnreadableError
    from scale_model.commands import fetch_and_measure, train_and_push
    from scale_model.job import JobInvalidError, evaluation_job, training_job

    try:
        match arguments:
            case ["train"]:
                asyncio.run(train_and_push(training_job(os.environ)))
            case ["evaluate"]:
                asyncio.run(fetch_and_measure(evaluation_job(os.environ)))
            case _:
                print("usage: python -m scale_model train | evaluate", file=sys.stderr)
                return JOB_INVALID
    except (JobInvalidError, CheckpointUnreadableError) as error:
        print(error, file=sys.stderr)
        return JOB_INVALID
    except StoreAwayError as error:
        print(error, file=sys.stderr)
        return PLATFORM_AWAY
    except Exception as error:
        if not platforms_fault(error):
            raise
        print(error, file=sys.stderr)
        return PLATFORM_AWAY
    return 0


def platforms_fault(error: Exception) -> bool:
    """Return whether `error` is a refusal that says of the platform, not of the job, that something is wrong."""
    # gRPC is loaded by now if anything raised a refusal; measuring never loads it.
    if "common.errors" not in sys.modules:
        return False
    import grpc
    from common.errors import Refused

    faults = {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNAUTHENTICATED,
        # What a service says of its own mistakes.
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
    return isinstance(error, Refused) and error.status in faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
