"""A small byte-level language model that really learns: what a job of the embedded stack trains and pushes."""
