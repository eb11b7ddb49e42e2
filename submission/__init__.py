"""Official DCASE Task 1 packages: probabilities and scores in, package out."""
