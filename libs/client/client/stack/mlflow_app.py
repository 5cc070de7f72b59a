"""MLflow's server in one process: `python -m client.stack.mlflow_app --port=N --destination=s3://BUCKET`.

`mlflow server` imports all of MLflow twice, in a parent that only waits and in the worker: 200 MB and half of the start
time for nothing. Everything used here is what its own command line does before it starts that worker.
The URI of the database comes by the environment (MLFLOW_BACKEND_STORE_URI): it holds a password.
"""

from __future__ import annotations

import argparse
import os
import warnings

# MLflow's own deprecations are no concern of the stack's log.
warnings.filterwarnings("ignore", category=DeprecationWarning)

from mlflow.server import constants  # noqa: E402 (after the filter, which its import needs)


def main() -> None:
    """Set the server up as its command line would, make or upgrade its tables, and serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--destination", required=True, help="where artifacts are kept: s3://BUCKET")
    options = parser.parse_args()
    store, artifacts = os.environ["MLFLOW_BACKEND_STORE_URI"], "mlflow-artifacts:/"
    os.environ |= {
        constants.BACKEND_STORE_URI_ENV_VAR: store,
        constants.ARTIFACT_ROOT_ENV_VAR: artifacts,
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
        constants.ARTIFACTS_DESTINATION_ENV_VAR: options.destination,
    }
    # They read the environment while they are imported.
    import uvicorn
    from mlflow.server.fastapi_app import app
    from mlflow.server.handlers import initialize_backend_stores

    initialize_backend_stores(store, None, artifacts)
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
