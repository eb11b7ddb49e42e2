"""Noise reduction by masks (shao2022, section 2.3.1): noise in stripes of the time-frequency plane, and the mask that
would remove it, learned beside the scene.

The report: noise-added features are trained with, and the mask, computed from clean and noise-added features, is a
label. Here the mask is the share of a cell's power that is the clip's own, 1 outside of the stripes, and a small head
on the network's last feature map tells it. The head goes when training is over, so what ships is the network alone.

    noise = NoiseReduction(recipe, base)
    noise.attach(network, example)                           # before the optimizer is made
    x, kept = noise.inputs(logmel, augmenter, generator)     # instead of the network's input without noise
    loss = classification_loss(network(x)) + noise.loss(kept)
    noise.detach(*copies_of_the_state)                       # when training is over
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from task1.augment.masking import FRAME, MEL, mask
from task1.augment.pipeline import Augmenter
from task1.augment.spectrum_correction import spectra
from task1.config import ModelRecipe
from task1.config.recipe import NoiseMask
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.training.checkpoint import Tensors

HEAD = "noise_head_"
"""How the names of the head's parameters begin, among those of the network from `attach` to `detach`."""


def add_noise(logmel: Tensor, settings: NoiseMask, base: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """logmel (batch, mel, frame), logarithms to `base` -> with noise in the stripes; the share of power not noise.

    The power of the noise is exponentially distributed, as that of a spectrum of Gaussian noise. Its mean is the
    clip's own mean power in that mel band, less a signal-to-noise ratio that is drawn evenly for each clip.
    """
    place = torch.zeros(len(logmel), 1, *logmel.shape[1:], device=logmel.device)
    for axis, stripes in ((FRAME, settings.time), (MEL, settings.mel)):
        if stripes:
            place = mask(place, axis, stripes, 1.0, generator)
    lowest, highest = settings.snr_db
    snr = lowest + (highest - lowest) * torch.rand(len(logmel), 1, 1, generator=generator)
    power = torch.empty(logmel.shape).exponential_(generator=generator)
    scale = math.log(base)
    level = (power.log() - snr * math.log(10) / 10).to(logmel.device) + scale * spectra(logmel, base)[:, :, None]
    clean = logmel * scale
    noisy = torch.where(place[:, 0] > 0, torch.logaddexp(clean, level), clean)
    return torch.where(place[:, 0] > 0, noisy / scale, logmel), (clean - noisy).exp()


class MaskHead(nn.Module):
    """Logits of a mask (batch, 1, mel, frame) from a map (batch, width, mel', frame') that may be coarser.

    Each position of the map tells the logits of the cells it stands for, as channels of one 1x1 convolution.
    """

    def __init__(self, width: int, map_size: tuple[int, int], size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        self.mels, self.frames = (math.ceil(own / part) for own, part in zip(size, map_size, strict=True))
        self.conv = nn.Conv2d(width, self.mels * self.frames, 1)

    def forward(self, x: Tensor) -> Tensor:
        mel, frame = x.shape[2:]
        cells = self.conv(x).view(-1, self.mels, self.frames, mel, frame).permute(0, 3, 1, 4, 2)
        whole = cells.reshape(-1, 1, mel * self.mels, frame * self.frames)
        return whole[:, :, :self.size[0], :self.size[1]]


class NoiseReduction:
    """What the training loop needs of it; `base` is that of the stored logarithms."""

    def __init__(self, recipe: ModelRecipe, base: float) -> None:
        if recipe.augmentation.noise_mask is None:
            raise ValueError("a recipe with augmentation.noise_mask expected")
        masking = recipe.augmentation.masking
        self.settings, self.base, self.input = recipe.augmentation.noise_mask, base, recipe.input
        self.fill = masking.fill if masking else 0.0
        self.network: nn.Module | None = None
        self.head: MaskHead | None = None
        self.hook: RemovableHandle | None = None
        self.map: Tensor | None = None

    def attach(self, network: nn.Module, example: Tensor) -> None:
        """Put the head behind the last map of `network`; `example` (batch, channel, mel, frame) gives the sizes.

        Its parameters become the network's, so that optimiser and checkpoint know them; it is no layer of the network.
        """
        layer, found = last_map(network, example)
        self.head = MaskHead(found.shape[1], (found.shape[2], found.shape[3]), (example.shape[2], example.shape[3]))
        for name, parameter in self.head.to(found.device).conv.named_parameters():
            network.register_parameter(f"{HEAD}{name}", parameter)
        self.network, self.hook = network, layer.register_forward_hook(self._keep)

    @property
    def attached(self) -> bool:
        return self.network is not None

    def inputs(self, logmel: Tensor, augmenter: Augmenter, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """What the network sees of logmel (batch, mel, frame) with noise, and the mask to be told, as `apart` gives."""
        noisy, kept = add_noise(logmel, self.settings, self.base, generator)
        return self.apart(augmenter.inputs(self.beside(network_input(noisy, self.input), kept), generator))

    def beside(self, x: Tensor, kept: Tensor) -> Tensor:
        """The mask `kept` (batch, mel, frame) as last channel of the network's input x, cut and repeated as x was."""
        follows = network_input(kept, self.input.model_copy(update={"normalise": "none"}))[:, :1]
        return torch.cat([x, follows + self._above], dim=1)

    def apart(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The network's input and the mask (batch, 1, mel, frame), NaN where the input was overwritten."""
        follows = x[:, -1:]
        return x[:, :-1], torch.where(follows == self.fill, torch.nan, follows - self._above)

    def loss(self, kept: Tensor) -> Tensor:
        """weight * mean cross-entropy of the head on the map of the network's last pass, over cells that are told."""
        assert self.head is not None, "there is no head before `attach`"
        assert self.map is not None, "the network was not run in training mode"
        logits, self.map = self.head(self.map.float()), None
        told = ~kept.isnan()
        return self.settings.weight * F.binary_cross_entropy_with_logits(logits[told], kept[told])

    def detach(self, *states: Tensors) -> None:
        """Take the head out of the network and out of these copies of its state."""
        if self.network is not None and self.hook is not None:
            for name in [name for name, _ in self.network.named_parameters() if name.startswith(HEAD)]:
                delattr(self.network, name)
            self.hook.remove()
        self.network, self.head, self.hook, self.map = None, None, None, None
        for state in states:
            for name in [name for name in state if name.startswith(HEAD)]:
                del state[name]

    @property
    def _above(self) -> float:
        """Added to masks while they pass the masking, so that none of their values is that of `fill`."""
        return 1.0 + abs(self.fill)

    def _keep(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if layer.training:
            self.map = output


@torch.no_grad()
def last_map(network: nn.Module, example: Tensor) -> tuple[nn.Module, Tensor]:
    """The last layer whose output is a map of more than one position, and that output."""
    found: list[tuple[nn.Module, Tensor]] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
            found.append((layer, output))

    hooks = [layer.register_forward_hook(note) for layer in network.modules() if not list(layer.children())]
    modes = {layer: layer.training for layer in network.modules()}
    network.eval()(example)
    for layer, mode in modes.items():
        layer.training = mode
    for hook in hooks:
        hook.remove()
    if not found:
        raise InputError(f"augmentation.noise_mask: {type(network).__name__} has no map of mel and frame to tell a "
                         "mask from, expected a convolutional network; remove noise_mask from the recipe")
    return found[-1]
