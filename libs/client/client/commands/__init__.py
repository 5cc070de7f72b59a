"""Sub-commands of `dokpamo`: each module here has a `register(app)` and is imported only when it is asked for."""
