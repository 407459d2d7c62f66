"""Plugins: the hooks, their manager, the built-ins' registration and the scaffold."""

from dualgap.plugins.hookspecs import hookimpl

__all__ = ["hookimpl"]
