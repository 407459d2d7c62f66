"""The command line: ``dualgap``, a module per command. Nothing is imported before it is invoked."""

from dualgap.cli.app import main

__all__ = ["main"]
