"""Many runs at once: plans, the store that keeps them, and the engines that make them."""
