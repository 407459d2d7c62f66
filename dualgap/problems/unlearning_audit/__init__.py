"""Audits of unlearning from outputs alone: forget quality, its ceiling, and the strongest attack by thresholds."""

from dualgap.problems.unlearning_audit.spec import Attacks, UnlearningAudit

__all__ = ["Attacks", "UnlearningAudit"]
