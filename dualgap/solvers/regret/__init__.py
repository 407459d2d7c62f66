"""Methods for minimax regret alone."""
