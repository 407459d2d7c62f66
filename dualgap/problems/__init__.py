"""Problem kinds: a module, or a folder for a family, per kind. They know nothing of solvers."""
