"""Whole pictures as AUTOMATIC1111's web UI 1.10.1 makes them, in f32 on the CPU: diffusers' networks, k-diffusion's samplers.

Usage: pictures.py MODEL_DIR OUT_DIR                    writes OUT_DIR/<case>.png and OUT_DIR/cases.json
       pictures.py MODEL_DIR --check PROMPT_PARSER.py   compares attention() with parse_prompt_attention of that file
       pictures.py MODEL_DIR --time                     seconds of a 20-step 128x128 Euler a picture in diffusers' own pipeline
MODEL_DIR: danlu-emoji in diffusers layout; OUT_DIR: tests/fixtures/pictures.
Python 3.11, torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, k-diffusion 0.1.1.post1, Pillow 13.

What is A1111's here: noise per picture (source NV or CPU) times sigmas[0], later draws from the same generator or one seeded with
seed + ENSD; 75-token chunks with comma backtrack 20, each encoded alone; emphasis "Original" (scaled back to the chunk's mean);
conditionings of different lengths run apart, never padded; sigmas from alphas_cumprod without quantisation, so timesteps are fractional;
DDIM over timesteps; resizing to the skip where a latent does not halve; pixels truncated, not rounded.
"""
import importlib.util
import json
import pathlib
import re
import sys
import time
import types
from unittest import mock

import diffusers
import numpy as np
import torch
from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextModel

from networks import load_tokenizer, resize_at_the_skip


def k_diffusion():
    """k_diffusion's external and sampling without the training packages its __init__ wants."""
    package = types.ModuleType("k_diffusion")
    package.__path__ = importlib.util.find_spec("k_diffusion").submodule_search_locations
    sys.modules["k_diffusion"] = package
    for absent in ("torchdiffeq", "torchsde", "torchvision", "torchvision.transforms"):
        sys.modules.setdefault(absent, mock.MagicMock())
    from k_diffusion import external, sampling
    return external, sampling


external, sampling = k_diffusion()

# ---- noise


class Philox:
    """torch.randn on CUDA as A1111's NV source imitates it: Philox 4x32-10, one counter a value, Box-Muller's first half in f64."""

    def __init__(self, seed):
        self.key, self.draws = (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF), 0

    def randn(self, shape):
        low, high = np.uint64(0xFFFFFFFF), np.uint64(32)
        n, (k0, k1) = int(np.prod(shape)), self.key
        c = [np.full(n, self.draws, np.uint64), np.zeros(n, np.uint64), np.arange(n, dtype=np.uint64), np.zeros(n, np.uint64)]
        for _ in range(10):
            a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
            c = [b >> high ^ c[1] ^ np.uint64(k0), b & low, a >> high ^ c[3] ^ np.uint64(k1), a & low]
            k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
        self.draws += 1
        one, turn = np.float32(2.3283064e-10), np.float32(2.3283064e-10 * 6.2831855)
        u = c[0].astype(np.float64) * np.float64(one) + np.float64(one / np.float32(2))
        v = c[1].astype(np.float64) * np.float64(turn) + np.float64(turn / np.float32(2))
        return torch.from_numpy((np.sqrt(-2 * np.log(u)) * np.sin(v)).astype(np.float32).reshape(shape))


class Mersenne:
    def __init__(self, seed):
        self.generator = torch.Generator("cpu").manual_seed(seed)

    def randn(self, shape):
        return torch.randn(shape, generator=self.generator)


class Noise:
    """One generator a picture, so that a batch does not change its members."""

    def __init__(self, seeds, rng, ensd, shape):
        source = {"nv": Philox, "cpu": Mersenne}[rng]
        self.shape, generators = shape, [source(s) for s in seeds]
        self.first = torch.stack([g.randn(shape) for g in generators])
        self.generators = [source(s + ensd) for s in seeds] if ensd else generators

    def next(self, *_):
        return torch.stack([g.randn(self.shape) for g in self.generators])


# ---- prompts


def attention(text):
    """A1111's attention grammar -> [[text, weight]]; BREAK stands as ["BREAK", -1]."""
    runs, opened = [], {"(": [], "[": []}

    def close(kind, factor):
        start = opened[kind].pop()
        for run in runs[start:]:
            run[1] *= factor

    for token in re.findall(r"\\[()\[\]\\]|\\|:\s*[+-]?[.\d]+\s*\)|[()\[\]:]|[^\\()\[\]:]+", text):
        weight = re.fullmatch(r":\s*([+-]?[.\d]+)\s*\)", token)
        if token in opened:
            opened[token].append(len(runs))
        elif weight and opened["("]:
            close("(", float(weight[1]))
        elif token == ")" and opened["("]:
            close("(", 1.1)
        elif token == "]" and opened["["]:
            close("[", 1 / 1.1)
        elif token[0] == "\\":
            runs.append([token[1:], 1.0])
        else:
            for i, part in enumerate(re.split(r"\s*\bBREAK\b\s*", token)):
                runs += [["BREAK", -1]] * (i > 0) + [[part, 1.0]]
    for kind, factor in (("(", 1.1), ("[", 1 / 1.1)):
        while opened[kind]:
            close(kind, factor)
    merged = []
    for run, weight in runs or [["", 1.0]]:
        if merged and merged[-1][1] == weight:
            merged[-1][0] += run
        else:
            merged.append([run, weight])
    return merged


class Model:
    def __init__(self, folder):
        load = lambda cls, part: cls.from_pretrained(pathlib.Path(folder) / part, torch_dtype=torch.float32).eval()
        self.tokenizer, self.text = load_tokenizer(folder), load(CLIPTextModel, "text_encoder")
        self.unet, self.vae = resize_at_the_skip(load(UNet2DConditionModel, "unet")), load(AutoencoderKL, "vae")
        betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=np.float64) ** 2
        self.alphas_cumprod = torch.tensor(np.cumprod(1 - betas), dtype=torch.float32)

    def chunks(self, prompt):
        """-> [(77 ids, 77 weights)]"""
        out, ids, weights, comma = [], [], [], -1

        def flush():
            nonlocal ids, weights, comma
            fill = 75 - len(ids)
            out.append(([49406] + ids + [49407] * (fill + 1), [1.0] + weights + [1.0] * (fill + 1)))
            ids, weights, comma = [], [], -1

        for text, weight in attention(prompt):
            if (text, weight) == ("BREAK", -1):
                flush()
                continue
            for token in self.tokenizer(text, add_special_tokens=False, truncation=False).input_ids:
                if token == 267:
                    comma = len(ids)
                elif len(ids) == 75 and comma != -1 and 75 - comma <= 20:
                    cut = comma + 1
                    later = ids[cut:], weights[cut:]
                    ids, weights = ids[:cut], weights[:cut]
                    flush()
                    ids, weights = later
                if len(ids) == 75:
                    flush()
                ids.append(token)
                weights.append(weight)
        if ids or not out:
            flush()
        return out

    def encode(self, prompt, clip_skip):
        """-> [1, 77 * chunks, width]"""
        states = []
        for ids, weights in self.chunks(prompt):
            out = self.text(torch.tensor([ids]), output_hidden_states=True)
            z = out.last_hidden_state if clip_skip <= 1 else self.text.final_layer_norm(out.hidden_states[-clip_skip])
            scaled = z * torch.tensor(weights, dtype=torch.float32).reshape(1, -1, 1)
            states.append(scaled * (z.mean() / scaled.mean()))
        return torch.cat(states, 1)

    def apply_model(self, x, t, cond):
        return self.unet(x, t, cond).sample

    def decode(self, latents):
        """-> u8 [height, width, 3] each"""
        for latent in latents:
            pixels = self.vae.decode(1 / self.vae.config.scaling_factor * latent[None]).sample[0]
            pixels = torch.clamp((pixels + 1) / 2, 0, 1).permute(1, 2, 0).numpy()
            yield (np.float32(255) * pixels).astype(np.uint8)


# ---- sampling

SAMPLERS = {"Euler a": (sampling.sample_euler_ancestral, "Uniform"), "Euler": (sampling.sample_euler, "Uniform"),
            "DPM++ 2M": (sampling.sample_dpmpp_2m, "Karras")}


def sgm_uniform(n, wrap):
    ends = [wrap.sigma_to_t(torch.tensor(s.item())) for s in (wrap.sigma_max, wrap.sigma_min)]
    return torch.FloatTensor([wrap.t_to_sigma(t) for t in torch.linspace(*ends, n + 1)[:-1]] + [0.0])


SCHEDULES = {"Uniform": lambda n, wrap: wrap.get_sigmas(n), "SGM Uniform": sgm_uniform,
             "Karras": lambda n, wrap: sampling.get_sigmas_karras(n, wrap.sigma_min.item(), wrap.sigma_max.item())}


def guided(call, cond, uncond, cfg):
    """`call(x, level, cond=...)` for both conditionings, joined by classifier-free guidance."""

    def denoise(x, level):
        c, u = (t.expand(len(x), -1, -1) for t in (cond, uncond))
        if c.shape == u.shape:
            a, b = call(torch.cat([x, x]), torch.cat([level, level]), cond=torch.cat([c, u])).chunk(2)
        else:
            a, b = call(x, level, cond=c), call(x, level, cond=u)
        return b + (a - b) * cfg

    return denoise


def ddim(model, x, alphas_cumprod, steps):
    """A1111's DDIM at eta 0: timesteps 1, 1 + 1000 // steps, ...; the lowest is never run, so 20 steps call the model 19 times."""
    timesteps = torch.clip(torch.arange(0, 1000, 1000 // steps) + 1, 0, 999)
    alphas = alphas_cumprod[timesteps]
    before = alphas_cumprod[torch.nn.functional.pad(timesteps[:-1], (1, 0))].double()
    for i in reversed(range(1, len(timesteps))):
        a, a_prev, root = (torch.tensor(v.item()) for v in (alphas[i], before[i], torch.sqrt(1 - alphas)[i]))
        e = model(x, timesteps[i].float().expand(len(x)))
        x = a_prev.sqrt() * ((x - root * e) / a.sqrt()) + (1 - a_prev).sqrt() * e
    return x


def generate(model, seeds, prompt, negative_prompt, sampler, schedule, steps, cfg, width, height, rng, ensd, clip_skip, **_):
    cond, uncond = (model.encode(p, clip_skip) for p in (prompt, negative_prompt))
    noise = Noise(seeds, rng, ensd, (4, height // 8, width // 8))
    if sampler == "DDIM":
        return ddim(guided(model.apply_model, cond, uncond, cfg), noise.first, model.alphas_cumprod, steps)
    wrap = external.CompVisDenoiser(model, quantize=False)
    function, automatic = SAMPLERS[sampler]
    sigmas = SCHEDULES[automatic if schedule == "Automatic" else schedule](steps, wrap)
    more = {"noise_sampler": noise.next} if sampler == "Euler a" else {}
    return function(guided(wrap, cond, uncond, cfg), noise.first * sigmas[0], sigmas, disable=True, **more)


# ---- the cases

LONG = "one big " + ", ".join(["tiger face", "noto", "yellow background", "a tiger face", "emoji of a (tiger face:1.1)"] * 6)
PLAIN = {"negative_prompt": "", "schedule": "Automatic", "steps": 20, "cfg": 7, "width": 128, "height": 128, "rng": "nv", "ensd": 0, "clip_skip": 1}
CASES = [
    ("euler_a", [1], {"prompt": "fox, noto, blue background", "sampler": "Euler a"}),
    ("euler_weights", [42], {"prompt": "(fox:1.3), [noto], blue background", "negative_prompt": "(white background:1.4), dog face", "sampler": "Euler", "schedule": "Uniform", "cfg": 5}),
    ("dpmpp_2m_cpu", [123], {"prompt": "strawberry, twemoji, white background", "sampler": "DPM++ 2M", "rng": "cpu"}),
    ("dpmpp_2m_skip", [2024], {"prompt": "owl, noto, pink background", "negative_prompt": "twemoji", "sampler": "DPM++ 2M", "schedule": "Karras", "steps": 12, "cfg": 4, "clip_skip": 2}),
    ("ddim", [5], {"prompt": "rocket, noto, yellow background", "negative_prompt": "blue background", "sampler": "DDIM", "cfg": 6}),
    ("ddim_seven", [77], {"prompt": "panda, twemoji, blue background", "sampler": "DDIM", "steps": 7, "cfg": 1, "rng": "cpu"}),
    ("long", [10], {"prompt": LONG, "negative_prompt": "white background", "sampler": "Euler a", "schedule": "SGM Uniform"}),
    ("break", [11], {"prompt": "pizza, twemoji BREAK pink background", "sampler": "DPM++ 2M", "schedule": "SGM Uniform", "steps": 15, "cfg": 5.5}),
    ("batch", [900, 901], {"prompt": "house, noto, white background", "negative_prompt": "blue background", "sampler": "Euler a", "schedule": "Karras", "steps": 16, "ensd": 31337}),
    ("wide", [3], {"prompt": "butterfly, noto, yellow background", "sampler": "Euler", "schedule": "Karras", "width": 192, "cfg": 4.5}),
    ("odd", [8], {"prompt": "frog, twemoji, pink background", "sampler": "Euler a", "width": 136, "height": 120, "rng": "cpu", "ensd": 7}),
    ("one_step", [4294967301], {"prompt": "sun, noto, blue background", "sampler": "Euler", "steps": 1}),
    ("cfg_twelve", [64], {"prompt": "((crab)), twemoji, white background", "negative_prompt": "lobster, [fish]", "sampler": "DPM++ 2M", "schedule": "Uniform", "cfg": 12}),
]


def pictures(model, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, seeds, case in CASES:
        case = PLAIN | case
        latents = generate(model, seeds, **case)
        for i, (seed, pixels) in enumerate(zip(seeds, model.decode(latents))):
            file = f"{name}_{i}.png" if len(seeds) > 1 else f"{name}.png"
            Image.fromarray(pixels).save(out / file, optimize=True)
            order = ("prompt", "negative_prompt", "sampler", "schedule", "steps", "cfg", "width", "height")
            listed.append({"file": file, **{k: case[k] for k in order}, "seed": seed, **{k: case[k] for k in ("rng", "ensd", "clip_skip")}})
            print(file, pixels.shape, [len(model.chunks(case[p])) for p in ("prompt", "negative_prompt")], "chunks")
    (out / "cases.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n")


def check(model, path):
    spec = importlib.util.spec_from_file_location("prompt_parser", path)
    theirs = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {"lark": mock.MagicMock()}):
        spec.loader.exec_module(theirs)
    texts = [p for _, _, c in CASES for p in (c["prompt"], c.get("negative_prompt", ""))]
    texts += [r"an (important) word", "(unbalanced", r"\(literal\]", "(unnecessary)(parens)", "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
              "(a BREAK b)", "a:b) c]", "[x:1.5)", r"back\\slash \ end", "a BREAK BREAK b", "BREAK"]
    for text in texts:
        assert attention(text) == [list(r) for r in theirs.parse_prompt_attention(text)], (text, attention(text), theirs.parse_prompt_attention(text))
    print(len(texts), "prompts read alike")
    want = [-0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497]
    assert np.allclose(Philox(0).randn((3, 4)).ravel(), want, rtol=0, atol=1e-6)
    _, seeds, case = next(c for c in CASES if c[0] == "batch")
    together, alone = (list(model.decode(torch.cat([generate(model, s, **PLAIN | case) for s in split]))) for split in ([seeds], [[s] for s in seeds]))
    print("batch against alone, largest difference:", max(np.abs(a.astype(int) - b).max() for a, b in zip(together, alone)))


def timed(folder):
    pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, safety_checker=None)
    pipe.scheduler = EulerAncestralDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    spent = []
    for _ in range(6):
        start = time.perf_counter()
        pipe("fox, noto, blue background", num_inference_steps=20, guidance_scale=7, width=128, height=128, generator=torch.Generator().manual_seed(1))
        spent.append(time.perf_counter() - start)
    print(f"20 steps, 128x128, Euler a, f32, {torch.get_num_threads()} threads: best {min(spent[1:]):.2f} s, median {sorted(spent[1:])[2]:.2f} s")


@torch.no_grad()
def main(folder, *rest):
    torch.set_num_threads(2)
    diffusers.logging.set_verbosity_error()
    if rest == ("--time",):
        timed(folder)
    elif rest[0] == "--check":
        check(Model(folder), rest[1])
    else:
        pictures(Model(folder), rest[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
