"""Reports on many runs: from a store, or from saved runs."""
