"""guideline."""
