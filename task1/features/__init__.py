"""Log-mel features: computation, store, extraction, and what networks make of them."""
