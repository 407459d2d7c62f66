"""Running: routes and bridges, budgets, the worker, runs."""
