"""Problems, their duals and their proofs in words and formulas that a person can check by hand."""
