"""The stages as Snakemake rules."""
