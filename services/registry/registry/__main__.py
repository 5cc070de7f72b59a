"""`python -m registry` runs the service, `python -m registry downloads` what gives releases out by HTTP.

`python -m registry restore [TEAM]` makes the tables of checkpoints again from the object store, and ends.
"""

import asyncio
import sys

from common.service import main

if __name__ == "__main__":
    # Each loads what it needs: the second has no Kafka and no gRPC server.
    if sys.argv[1:] == ["downloads"]:
        from registry.downloads import build as build_downloads
        from registry.settings import DownloadSettings

        main("registry-downloads", DownloadSettings, build_downloads)
    from registry.app import build, restore
    from registry.settings import Settings

    if sys.argv[1:2] == ["restore"]:
        asyncio.run(restore(Settings.model_validate({}), *sys.argv[2:]))
        sys.exit(0)

    main("registry", Settings, build)
