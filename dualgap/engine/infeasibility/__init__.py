"""Why a problem is infeasible: a conflict that can't hold together, and the least relaxation that mends it."""
