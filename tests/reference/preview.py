"""Least-squares map from a latent to a small preview: RGB in 0..1 = latent · weights + bias, one pixel a latent cell.

Usage: preview.py MODEL_DIR PICTURES_DIR OUT.json     PICTURES_DIR: folder of PNGs; OUT: tests/fixtures/preview.json
Python 3.11, torch 2.15.0, diffusers 0.42.1, k-diffusion 0.1.1.post1.

Latents are as a sampler sees them (already times the scale factor): those of the pictures, and those of pictures generated from
prompts in the model's own styles. The target is the decoded picture, clamped to 0..1 and averaged over 8x8 blocks. "rmse" is over all
of them; "held_out" is the mean rmse of five fits, each tried on the fifth of the pictures that it had not seen.
"""
import json
import pathlib
import sys

import diffusers
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import pictures

SUBJECTS = [s.replace("-", " ") for s in (
    "fox red-apple owl rocket panda pizza house butterfly frog sun crab grapes snowman guitar penguin eggplant umbrella carrot tiger-face "
    "spouting-whale balloon purple-heart green-book black-heart rainbow skull").split()]
BACKGROUNDS = ("white", "blue", "yellow", "pink")


def encoded(model, folder):
    for path in sorted(pathlib.Path(folder).rglob("*.png")):
        rgb = torch.from_numpy(np.array(Image.open(path).convert("RGB").resize((128, 128), Image.Resampling.LANCZOS)))
        yield model.vae.encode(rgb.permute(2, 0, 1)[None] / 127.5 - 1).latent_dist.mean * model.vae.config.scaling_factor


def generated(model):
    for i, subject in enumerate(SUBJECTS):
        prompt = f"{subject}, {('noto', 'twemoji')[i % 2]}, {BACKGROUNDS[i % 4]} background"
        yield pictures.generate(model, [i], **pictures.PLAIN | {"prompt": prompt, "sampler": "DPM++ 2M", "steps": 12, "cfg": 5})


def fit(x, y):
    return np.linalg.lstsq(np.pad(x, ((0, 0), (0, 1)), constant_values=1), y, rcond=None)[0]


def rmse(solved, x, y):
    return float(np.sqrt(np.mean((x @ solved[:4] + solved[4] - y) ** 2)))


@torch.no_grad()
def main(folder, images, out):
    torch.set_num_threads(2)
    diffusers.logging.set_verbosity_error()
    model, pairs = pictures.Model(folder), []
    for latent in [*encoded(model, images), *generated(model)]:
        rgb = torch.clamp((model.vae.decode(latent / model.vae.config.scaling_factor).sample + 1) / 2, 0, 1)
        pairs.append([t.permute(0, 2, 3, 1).reshape(-1, t.shape[1]).double().numpy() for t in (latent, F.avg_pool2d(rgb, 8))])
    join = lambda some: (np.concatenate([p[i] for p in some]) for i in (0, 1))
    solved = fit(*join(pairs))
    held = [rmse(fit(*join([p for i, p in enumerate(pairs) if i % 5 != k])), *join(pairs[k::5])) for k in range(5)]
    rounded = np.round(solved, 5)
    result = {"weights": rounded[:4].tolist(), "bias": rounded[4].tolist(), "rmse": round(rmse(rounded, *join(pairs)), 5),
              "held_out": round(float(np.mean(held)), 5), "pictures": len(pairs)}
    pathlib.Path(out).write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
