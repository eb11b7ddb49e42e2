"""Augmentation: small functions on whole batches, on the training device."""
