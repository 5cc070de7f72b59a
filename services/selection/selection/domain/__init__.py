"""Rules of rule sets, stages, gates and decisions: pure; how a stage is decided is the `rules` library's."""
