"""What a recipe asks for and its training cannot do: found in one place, told once, written into model.json."""

from task1.config import ModelRecipe
from task1.training.pruning import epochs_in_all


def unsupported(recipe: ModelRecipe) -> list[str]:
    """One phrase for each part of the recipe that training leaves out; empty: the recipe is executed in full."""
    averaged = recipe.training.averaging.epochs if recipe.training.averaging else ()
    late = [str(epoch) for epoch in averaged if epoch > epochs_in_all(recipe)]
    return [f"training.averaging.epochs: {', '.join(late)} come after the last epoch"] if late else []
