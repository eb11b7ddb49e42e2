"""What ships: the weights in the form that the edition's size counts."""
