"""Networks from recipes: `build(spec)` gives a network that takes (batch, channel, mel, frame) and returns logits.

Every network stands in a module of its own and is imported when it is built, torch included.
"""

from task1.models.registry import build, module_of

__all__ = ["build", "module_of"]
