"""Deterministic weights made from tensor names, so that no random weights are committed: danlu makes the same ones, bit for bit.

Usage: weights.py NAME DIM [DIM ...]     prints the first values of one tensor
Python 3.11, numpy 2.

The rule. A tensor is known by its full name: component, a dot, and its name in a published diffusers folder, e.g.
`unet.down_blocks.0.resnets.0.conv1.weight`, `vae.quant_conv.bias`, `text_encoder.text_model.final_layer_norm.weight`
(text encoders always with `text_model.`, which transformers 5 leaves out of a plain CLIPTextModel).

1. seed   = FNV-1a, 64 bits, of the name's UTF-8 bytes (offset 0xcbf29ce484222325, prime 0x100000001b3).
2. z(i)   = output number i of splitmix64, i counting from 0 in row-major order, all modulo 2^64:
            s = seed + (i + 1) * 0x9e3779b97f4a7c15;  s = (s ^ s >> 30) * 0xbf58476d1ce4e5b9;
            s = (s ^ s >> 27) * 0x94d049bb133111eb;   z = s ^ s >> 31.
3. r(i)   = f32(z >> 40) * f32(2^-23) - f32(1): exact, in -1 <= r < 1.
4. value, every operation rounded to f32:
   - name contains `token_embedding` or `position_embedding`:  r * f32(0.05)
   - one dimension, name ends in `.weight` (norms):             f32(1) + f32(0.1) * r   (product rounded, then the sum)
   - one dimension, anything else (biases):                     f32(0.1) * r
   - two or more dimensions:                                    r * f32(sqrt(3 / fan_in)), fan_in the product of shape[1:],
                                                                quotient and root in f64, rounded once to f32.
"""
import math
import sys

import numpy as np

FNV_OFFSET, FNV_PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1


def fnv1a(name):
    h = FNV_OFFSET
    for byte in name.encode():
        h = (h ^ byte) * FNV_PRIME & MASK
    return h


def splitmix64(seed, count):
    with np.errstate(over="ignore"):
        s = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        s = (s ^ (s >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        s = (s ^ (s >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return s ^ (s >> np.uint64(31))


def tensor(name, shape):
    """The tensor of this full name, f32."""
    z = splitmix64(fnv1a(name), math.prod(shape))
    r = (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)
    if "token_embedding" in name or "position_embedding" in name:
        values = r * np.float32(0.05)
    elif len(shape) > 1:
        values = r * np.float32(math.sqrt(3 / math.prod(shape[1:])))
    elif name.endswith(".weight"):
        values = np.float32(1) + np.float32(0.1) * r
    else:
        values = np.float32(0.1) * r
    assert values.dtype == np.float32
    return values.reshape(shape)


if __name__ == "__main__":
    print(tensor(sys.argv[1], [int(d) for d in sys.argv[2:]]).ravel()[:8].tolist())
