"""The decoder of TAESD as published (github.com/madebyollin/taesd, taesd.py), with weights.py's weights.

Usage: taesd.py OUT      OUT: tests/fixtures/families/taesd.safetensors, with tensors latent [1, 4, 6, 5] and decoded [1, 3, 48, 40]
Python 3.11, torch 2.15.0, safetensors 0.8.0. The weights' full names are `taesd.` and the name in taesd_decoder.pth.
"""
import sys

import torch
from safetensors.torch import save_file
from torch import nn

import weights


def conv(n_in, n_out, **more):
    return nn.Conv2d(n_in, n_out, 3, padding=1, **more)


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv = nn.Sequential(conv(n, n), nn.ReLU(), conv(n, n), nn.ReLU(), conv(n, n))

    def forward(self, x):
        return torch.relu(self.conv(x) + x)


def decoder():
    def level(blocks):
        return [Block(64) for _ in range(blocks)]

    def up():
        return [nn.Upsample(scale_factor=2), conv(64, 64, bias=False)]

    return nn.Sequential(Clamp(), conv(4, 64), nn.ReLU(), *level(3), *up(), *level(3), *up(), *level(3), *up(), *level(1), conv(64, 3))


@torch.no_grad()
def main(out):
    torch.set_num_threads(1)
    model = decoder()
    model.load_state_dict({k: torch.from_numpy(weights.tensor(f"taesd.{k}", list(v.shape))) for k, v in model.state_dict().items()})
    print(list(model.state_dict()))
    latent = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(3)) * 2
    decoded = model(latent) * 2 - 1
    print(decoded.shape, decoded.mean(), decoded.std())
    save_file({"latent": latent, "decoded": decoded}, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
