"""What training does: take jobs, admit them when GPU time is held, and see each through to its end."""

from training.handlers.jobs import admit, cancel, find, give_up, lose_support, refuse, submit_job
from training.handlers.ports import SUPERVISION, Cluster, Jobs, JobsOpener, Registry
from training.handlers.supervision import Supervision, supervise

__all__ = [
    "SUPERVISION",
    "Cluster",
    "Jobs",
    "JobsOpener",
    "Registry",
    "Supervision",
    "admit",
    "cancel",
    "find",
    "give_up",
    "lose_support",
    "refuse",
    "submit_job",
    "supervise",
]
