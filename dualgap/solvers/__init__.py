"""How to solve: a module per backend, which is imported inside ``solve()``; a folder per family of problems."""
