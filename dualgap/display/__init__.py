"""What people look at: HTML, scales of plots, and the card of a run in a notebook."""
