"""Methods that train classifiers under fairness constraints."""
