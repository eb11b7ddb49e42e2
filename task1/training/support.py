"""What a recipe asks for and this version does not do: found in one place, told once, written into model.json."""

from task1.config import ModelRecipe
from task1.training.pruning import epochs_in_all


def unsupported(recipe: ModelRecipe) -> list[str]:
    """One phrase for each part of the recipe that training leaves out; empty: the recipe is executed in full."""
    augmentation, training = recipe.augmentation, recipe.training
    averaged = training.averaging.epochs if training.averaging else ()
    late = [str(epoch) for epoch in averaged if epoch > epochs_in_all(recipe)]
    asked = {
        "augmentation.noise_mask: no learned noise masks": augmentation.noise_mask is not None,
        f"training.averaging.epochs: {', '.join(late)} come after the last epoch": bool(late),
    }
    return [text for text, wanted in asked.items() if wanted]
