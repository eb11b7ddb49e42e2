"""A network of one's own: three convolutions and an average. docs/recipes.md says how a recipe names it."""

from torch import Tensor, nn


class SmallCNN(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame)."""

    def __init__(self, in_channels: int, widths: list[int], dropout: float, outputs: list[int]) -> None:
        super().__init__()
        if not widths:
            raise ValueError("widths: found none, expected at least one")
        layers: list[nn.Module] = []
        for narrow, wide in zip([in_channels, *widths[:-1]], widths, strict=True):
            layers += [nn.Conv2d(narrow, wide, 3, padding=1), nn.BatchNorm2d(wide), nn.ReLU(), nn.AvgPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(widths[-1], sum(outputs)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
