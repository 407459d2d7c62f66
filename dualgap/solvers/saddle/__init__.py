"""First-order methods for saddle programs: one step size for all, found as they go, and an interval from both sides."""
