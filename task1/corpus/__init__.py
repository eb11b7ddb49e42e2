"""Corpora: manifests, download, verification, index, and the embedded corpus."""
