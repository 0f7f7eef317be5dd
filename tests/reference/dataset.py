"""What kohya's own functions make of datasets: buckets, crops, captions, batches, configurations; and Python's random.

Usage: dataset.py SD_SCRIPTS VOCABULARY OUT_DIR
SD_SCRIPTS: a checkout of kohya-ss/sd-scripts at 48d368f; VOCABULARY: a folder with CLIP's vocab.json and merges.txt;
OUT_DIR: tests/fixtures/dataset

Everything is called in kohya's files as they are. Stood in for: modules that have nothing to do with datasets, imagesize (by Pillow,
as kohya itself does where imagesize fails), and for the crops the resampling of pixels, as only the cut counts there.
"""

import gzip
import importlib.abc
import importlib.machinery
import json
import logging
import os
import random
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import torch
from PIL import Image

STAND_INS = ("imagesize", "bitsandbytes", "albumentations", "easygui", "tensorboard", "wandb", "altair", "rich", "xformers", "jxlpy",
             "pillow_jxl", "pillow_avif")


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in STAND_INS:
            if name.split(".")[0] in ("jxlpy", "pillow_jxl", "pillow_avif"):
                raise ImportError(name)
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


SCRIPTS, VOCABULARY, OUT = (Path(argument) for argument in sys.argv[1:4])
sys.meta_path.insert(0, StandIns())
for name in ("library.lpw_stable_diffusion", "library.sdxl_lpw_stable_diffusion"):
    sys.modules[name] = MagicMock(name=name)
sys.path.insert(0, str(SCRIPTS))

from library import config_util, model_util, strategy_base, train_util  # noqa: E402

logging.disable(logging.CRITICAL)
train_util.tqdm = lambda items, **_: items
train_util.imagesize.get = lambda path: (-1, -1)


def exact(value):
    """With every float as a text, which is read back to the last bit."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, (list, tuple)) else value


def write(name, value, keep_floats=False):
    """As gzip with no time in it, so that the same numbers are the same file."""
    text = json.dumps(value if keep_floats else exact(value), ensure_ascii=False, separators=(",", ":")).encode()
    with open(OUT / name, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
        packed.write(text)
    print(name, len(value), "cases,", (OUT / name).stat().st_size, "bytes")


# ---- Python's random


def random_numbers():
    cases = []
    for seed in [0, 1, 2, 42, -42, 1337, 2**31, 2**32 - 1, 2**32, 2**32 + 7, 2**63 - 1, -(2**63), 1234567890123456789]:
        generator = random.Random(seed)
        steps = []
        for _ in range(20):
            shuffled = list(range(13))
            generator.shuffle(shuffled)
            floats = [generator.random(), generator.uniform(-8, 8)]
            wholes = [generator.getrandbits(1), generator.getrandbits(32), str(generator.getrandbits(45)), generator.randint(-5, 5),
                      generator.randint(0, 2**31), str(generator.randint(0, 2**40)), generator.randrange(1), generator.choice(range(7))]
            samples = [generator.sample(range(10), 4), generator.sample(range(1000), 10), generator.sample(range(60), 20)]
            steps.append([shuffled, floats, wholes, samples])
        cases.append([str(seed), steps])
    return cases


def permutations():
    return [[seed, n, torch.randperm(n, generator=torch.Generator().manual_seed(seed)).tolist()]
            for seed in (0, 1, 42, 2**32 + 5) for n in (0, 1, 2, 7, 100, 1000)]


# ---- Buckets

SETTINGS = [
    # width, height, smallest, largest, step, no upscale
    (512, 512, 256, 1024, 64, False), (768, 512, 256, 1024, 64, False), (512, 768, 320, 960, 64, False),
    (1024, 1024, 256, 2048, 64, False), (1024, 1024, 512, 2048, 32, False), (640, 640, 100, 1000, 64, False),
    (512, 512, 256, 1024, 8, False), (500, 700, 200, 900, 64, False), (512, 512, 512, 512, 64, False),
    (512, 512, 256, 1024, 64, True), (1024, 1024, 256, 2048, 64, True), (768, 512, 256, 1024, 32, True), (640, 640, 256, 1024, 1, True),
    # without buckets
    (512, 512, None, None, None, False), (768, 512, None, None, None, False),
]


def sizes():
    cases = []
    for resolution in [(512, 512), (768, 512), (512, 768), (1024, 1024), (640, 640), (500, 700), (1536, 1024), (333, 777), (2048, 2048)]:
        for low, high in [(256, 1024), (64, 2048), (320, 768), (512, 2048), (128, 4096), (1, 300)]:
            for step in (64, 32, 8, 100):
                cases.append([*resolution, low, high, step, model_util.make_bucket_resolutions(resolution, low, high, step)])
    return cases


def manager(width, height, low, high, step, no_upscale):
    """As BaseDataset.make_buckets makes it."""
    if low is None:
        made = train_util.BucketManager(False, (width, height), None, None, None)
        made.set_predefined_resos([(width, height)])
        return made
    low, high = train_util.BaseDataset.adjust_min_max_bucket_reso_by_steps(None, (width, height), low, high, step)
    made = train_util.BucketManager(no_upscale, (width, height), low, high, step)
    if not no_upscale:
        made.make_buckets()
    return made


def picture_sizes(generator):
    near = [(512, 512), (512, 768), (1, 1), (64, 64), (63, 64), (64, 63), (1023, 1025), (4096, 16), (16, 4096), (65535, 65535), (1, 20000),
            (100000, 100000), (256, 1024), (1024, 256), (640, 384), (5, 7), (512, 513), (700, 500), (333, 777)]
    wide = [(generator.randint(1, 5000), generator.randint(1, 5000)) for _ in range(700)]
    usual = [(generator.randint(300, 2200), generator.randint(300, 2200)) for _ in range(1000)]
    round_ones = [(8 * generator.randint(8, 300), 8 * generator.randint(8, 300)) for _ in range(280)]
    return near + wide + usual + round_ones


def cut(placed, random_crop, seed=None):
    """What trim_and_resize_if_required keeps, told by an array whose values are their places."""
    bucket, resized, (width, height) = placed
    places = []
    for axis in range(2):
        if seed is not None:
            random.seed(seed)
        line = np.arange(resized[axis], dtype=np.int32)
        line = line[None, :] if axis == 0 else line[:, None]
        train_util.resize_image = lambda *_, line=line: np.broadcast_to(line, (resized[1], resized[0]))
        image = np.broadcast_to(np.int32(0), (height, width))
        if (width, height) == tuple(resized):
            image = np.broadcast_to(line, (height, width))
        kept, _, ltrb = train_util.trim_and_resize_if_required(random_crop, image, bucket, resized)
        places.append(int(kept[0, 0]))
    return places, ltrb


def placements():
    generator = random.Random(20)
    images = picture_sizes(generator)
    cases = []
    for settings in SETTINGS:
        made = manager(*settings)
        rows = []
        for seed, image in enumerate(images):
            try:
                bucket, resized, error = made.select_bucket(*image)
                assert min(bucket) > 0
            except (ZeroDivisionError, AssertionError):
                rows.append(None)
                continue
            placed = (bucket, resized, image)
            centre, ltrb = cut(placed, False)
            drawn, _ = cut(placed, True, seed)
            rows.append([*bucket, *map(int, resized), *centre, *drawn, *map(float, ltrb)])
        cases.append([settings, rows])
    return {"images": images, "cases": cases}


def face_crops():
    """BaseDataset.crop_target, told by an array whose values are their places."""
    generator = random.Random(21)
    cases = []
    while len(cases) < 1500:
        resolution = generator.choice([(512, 512), (448, 640), (768, 512)])
        width, height = generator.randint(200, 2500), generator.randint(200, 2500)
        if generator.random() < 0.05:
            width, height = resolution
        face = [generator.randint(1, width), generator.randint(0, height), generator.randint(0, 700), generator.randint(0, 700)]
        low = generator.choice([1.0, 2.0, 2.5])
        span = [low, low + generator.choice([0.0, 0.5, 2.0])]
        subset = SimpleNamespace(face_crop_aug_range=span, random_crop=generator.random() < 0.5, resize_interpolation=None)
        holder = SimpleNamespace(width=resolution[0], height=resolution[1])
        result, resized = [], [width, height]

        def resize(image, w, h, to_w, to_h, _, axis=0):
            resized[:] = [to_w, to_h]
            line = np.arange(to_w, dtype=np.int32)[None, :] if axis == 0 else np.arange(to_h, dtype=np.int32)[:, None]
            return np.broadcast_to(line, (to_h, to_w))

        seed = len(cases)
        try:
            for axis in range(2):
                random.seed(seed)
                train_util.resize_image = lambda *arguments, axis=axis: resize(*arguments, axis=axis)
                line = np.arange(width, dtype=np.int32)[None, :] if axis == 0 else np.arange(height, dtype=np.int32)[:, None]
                image = np.broadcast_to(line, (height, width))
                result.append(int(train_util.BaseDataset.crop_target(holder, subset, image, *face)[0, 0]))
        except (ZeroDivisionError, AssertionError):
            result = None
        cases.append([resolution, [width, height], face, span, subset.random_crop, result and [*resized, *result], random.random()])
    return cases


# ---- Captions

WORDS = ["1girl", "solo", "long hair", "blue eyes", "smile", "outdoors", "masterpiece", "best quality", "(cat:1.2)", "dog \\(animal\\)", "猫",
         "{red|blue} dress", "{a|b|c}", "{{kept}}", "{}", "{x", "y}", "⦅odd⦆", "", " ", "a;;;b", "holding {sword|shield|}", "\u3000wide\u3000",
         "tab\tin", "\x1funit\x1f", "multi word tag here", "UPPER", "{{{a|b}}}", "{one}", "|||", "end."]


def subset_options(generator):
    pick = generator.choice
    return dict(
        caption_prefix=pick([None, None, "", "photo of", "trigger,"]), caption_suffix=pick([None, None, ", end", "by me"]),
        caption_separator=pick([",", ",", ",", ";", ", ", " "]), secondary_separator=pick([None, None, "", ";;;", ";"]),
        keep_tokens=pick([0, 0, 1, 2, 5, 100, -1]), keep_tokens_separator=pick([None, "", "|||", "|||", ","]),
        shuffle_caption=pick([True, True, False]), enable_wildcard=pick([True, False]),
        caption_dropout_rate=pick([0, 0.0, 0.0, 0.1, 0.5]), caption_dropout_every_n_epochs=pick([0, 0, 0, 2, 3]),
        caption_tag_dropout_rate=pick([0, 0.0, 0.2, 0.7]), token_warmup_min=pick([1, 1, 0, 3, -2]),
        token_warmup_step=pick([0, 0, 0.0, 10, 100.0, 0.5, 0.25]),
    )


def caption_text(generator):
    lines = generator.choice([1, 1, 1, 2, 3])
    joint = generator.choice([", ", ",", " , ", "; ", ",  "])
    text = "\n".join(joint.join(generator.choices(WORDS, k=generator.randint(0, 12))) for _ in range(lines))
    return text


def captions():
    generator = random.Random(22)
    cases = []
    for number in range(500):
        options = subset_options(generator)
        text = caption_text(generator)
        replacements = generator.choice([{}, {}, {}, {"1girl": "tok1 tok2"}, {"": ["a photo of x", "a picture of x"]}, {"": "always"}])
        epoch, step, most = generator.randint(0, 6), generator.choice([0, 1, 5, 9, 50, 99, 100, 400]), generator.choice([100, 1600])
        holder = SimpleNamespace(current_epoch=epoch, current_step=step, max_train_steps=most, replacements=replacements)
        drawn = []
        random.seed(number)
        for _ in range(6):
            # A copy: kohya writes the warm-up step that it finds into the options.
            drawn.append(train_util.BaseDataset.process_caption(holder, SimpleNamespace(**options), text))
        cases.append([options, replacements, text, [epoch, step, most], drawn, random.random()])
    return cases


def caption_files():
    """DreamBoothDataset's read_caption, through a dataset of one picture."""
    texts = ["one, two", "one\ntwo\n", "\none\n", "  padded  \n", "one\r\ntwo\r\n", "one\rtwo", "\ufeffmarked\nmore", "\u3000wide\u3000\n\x1csep\x1c",
             "\n", " \n\n x \n\n y\n", "a\x0bb\x0cc\u2028d\x85e\nf", "trailing \r\n\r\n next", "\r\r\n\n", "tab\t\n", "no end"]
    cases = []
    for text in texts:
        for wildcard in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                Image.new("RGB", (64, 64)).save(f"{folder}/a.png")
                Path(folder, "a.txt").write_bytes(text.encode())
                subset = {"image_dir": folder, "caption_extension": ".txt", "enable_wildcard": wildcard}
                group, _ = dataset_group({"datasets": [{"resolution": 64, "subsets": [subset]}]}, 0)
                cases.append([text, wildcard, next(iter(group.image_data.values())).caption])
    return cases


# ---- Tokens


def tokens():
    from transformers import CLIPTokenizer
    cases = []
    tokenizers = {}
    for padding, pad in (("end", "<|endoftext|>"), ("zero", "!")):
        tokenizers[padding] = CLIPTokenizer.from_pretrained(str(VOCABULARY), pad_token=pad, model_max_length=77)
    generator = random.Random(23)
    texts = ["", "a", "猫 and dog", ", ".join(["tag"] * 36), ", ".join(["tag"] * 38), " ".join(["word"] * 75), " ".join(["word"] * 76),
             " ".join(["word"] * 150), " ".join(["word"] * 151), " ".join(["word"] * 225), " ".join(["word"] * 400), "a ! b !", "! " * 80]
    texts += [", ".join(generator.choices(WORDS[:12], k=generator.randint(10, 90))) for _ in range(20)]
    for text in texts:
        for padding, tokenizer in tokenizers.items():
            for limit in (75, 150, 225):
                ids = strategy_base.TokenizeStrategy._get_input_ids(None, tokenizer, text, limit + 2)
                cases.append([text, padding, limit, ids.reshape(-1, 77).tolist()])
    return cases


# ---- Configurations


def arguments(*options):
    import argparse
    parser = argparse.ArgumentParser()
    train_util.add_dataset_arguments(parser, True, True, True)
    train_util.add_training_arguments(parser, True)
    parser.add_argument("--validation_seed", type=int, default=None)
    parser.add_argument("--validation_split", type=float, default=0.0)
    parsed = parser.parse_args(list(options))
    train_util.prepare_dataset_args(parsed, True)
    return parsed


def blueprint(config, parsed):
    sanitizer = config_util.ConfigSanitizer(True, True, True, True)
    return config_util.BlueprintGenerator(sanitizer).generate(config, parsed).dataset_group


def dataset_group(config, seed):
    random.seed(seed)
    return config_util.generate_dataset_group_by_blueprint(blueprint(config, arguments("--prior_loss_weight", "0.5")))


VALUES = {
    "bool": [True, False, 1, "true"], "int": [0, 1, 3, True, 2.0, "4", -1], "float": [0.5, 1.0, 1, True, "1.0"],
    "text": ["x", "", ".txt", "tag", 3, True], "floats": [[1.0, 2.0], [1, 2], [1.0], 2.0, [1.0, 2.0, 3.0], ["a", "b"]],
    "size": [512, [768, 512], [512], 512.0, "512", [512, 512, 512], [512.0, 512]], "table": [{}, {"a": 1}, 3, []],
    "list": [[], {}, 3],
}
KEYS = {
    "image_dir": "text", "metadata_file": "text", "conditioning_data_dir": "text", "is_reg": "bool", "alpha_mask": "bool",
    "class_tokens": "text", "caption_extension": "text", "cache_info": "bool", "num_repeats": "int", "shuffle_caption": "bool",
    "caption_separator": "text", "keep_tokens": "int", "keep_tokens_separator": "text", "secondary_separator": "text",
    "enable_wildcard": "bool", "caption_prefix": "text", "caption_suffix": "text", "caption_dropout_rate": "float",
    "caption_dropout_every_n_epochs": "int", "caption_tag_dropout_rate": "float", "token_warmup_min": "int", "token_warmup_step": "float",
    "color_aug": "bool", "flip_aug": "bool", "face_crop_aug_range": "floats", "random_crop": "bool", "custom_attributes": "table",
    "resize_interpolation": "text", "resolution": "size", "batch_size": "int", "enable_bucket": "bool", "min_bucket_reso": "int",
    "max_bucket_reso": "int", "bucket_reso_steps": "int", "bucket_no_upscale": "bool", "network_multiplier": "float",
    "validation_seed": "int", "validation_split": "float", "prior_loss_weight": "float", "num_repeat": "int", "subsets": "list",
}


def error_paths(error):
    found = []
    for one in getattr(error, "errors", [error]):
        found.append("".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in one.path).lstrip("."))
    return found


def params(value):
    from dataclasses import asdict
    return {key: item for key, item in asdict(value).items()}


def judged(config, options):
    """What BlueprintGenerator makes of it, or the keys that it refuses."""
    import voluptuous
    try:
        made = blueprint(config, arguments(*options))
    except voluptuous.Invalid as error:
        return {"errors": error_paths(error)}
    except TypeError:
        return {"errors": []}
    return {"datasets": [{"dreambooth": dataset.is_dreambooth, "controlnet": dataset.is_controlnet, "params": params(dataset.params),
                          "subsets": [params(subset.params) for subset in dataset.subsets]} for dataset in made.datasets]}


def one_key_at_a_time():
    """Every key with right and wrong values at every level, each in a configuration that is right otherwise."""
    for key, sort in KEYS.items():
        for value in VALUES[sort]:
            for level in ("general", "dataset", "subset", "fine", "control", "top"):
                subset = {"image_dir": "a"}
                if level == "fine":
                    subset["metadata_file"] = "m.json"
                if level == "control":
                    subset["conditioning_data_dir"] = "c"
                dataset = {"subsets": [subset]}
                config = {"general": {}, "datasets": [dataset]}
                {"general": config["general"], "dataset": dataset, "top": config}.get(level, subset)[key] = value
                yield config


def whole_ones(generator):
    """Several datasets and subsets with right values at all levels, to see which one holds."""
    right = {key: VALUES[sort][:2] for key, sort in KEYS.items() if key not in ("prior_loss_weight", "num_repeat", "subsets")}
    own = ("image_dir", "metadata_file", "conditioning_data_dir", "is_reg", "alpha_mask")

    def some(keys):
        return {key: generator.choice(right[key]) for key in keys if generator.random() < 0.3}

    everywhere = [key for key in right if key not in own]
    for _ in range(60):
        config = {"general": some(everywhere), "datasets": []}
        for _ in range(generator.randint(1, 3)):
            kind = generator.choice(["db", "db", "ft", "cn"])
            ok = [key for key in everywhere if not (kind == "ft" and key in ("class_tokens", "caption_extension", "cache_info"))
                  and not (kind == "cn" and key == "class_tokens")]
            dataset = some(ok)
            in_subsets = [key for key in ok if key not in ("resolution", "batch_size", "enable_bucket", "min_bucket_reso", "max_bucket_reso",
                          "bucket_reso_steps", "bucket_no_upscale", "network_multiplier", "validation_seed", "validation_split")]
            dataset["subsets"] = []
            for number in range(generator.randint(1, 3)):
                subset = some(in_subsets)
                subset["image_dir"] = f"folder{number}"
                if kind == "db":
                    subset.update(some(["is_reg", "alpha_mask"]))
                if kind == "ft":
                    subset["metadata_file"] = f"m{number}.json"
                if kind == "cn":
                    subset["conditioning_data_dir"] = "c"
                dataset["subsets"].append(subset)
            config["datasets"].append(dataset)
        yield config


OPTIONS = [[], ["--shuffle_caption", "--caption_extension", "txt", "--keep_tokens", "3", "--resolution", "640,512", "--enable_bucket",
                "--train_batch_size", "4", "--token_warmup_step", "0.5", "--face_crop_aug_range", "1.5,3", "--caption_prefix", "p",
                "--min_bucket_reso", "128", "--validation_split", "0.25", "--prior_loss_weight", "0.7", "--alpha_mask", "--random_crop"]]


def written_as_toml(config):
    """The text, where it means the same."""
    import toml
    try:
        text = toml.dumps(config)
        return text if toml.loads(text) == config else None
    except (toml.TomlDecodeError, IndexError):
        return None


def configurations():
    generator = random.Random(24)
    cases = []
    for number, config in enumerate([*one_key_at_a_time(), *whole_ones(generator)]):
        options = number % 7 == 0 or number > 2000
        as_toml = written_as_toml(config) if number % 2 else None
        text = as_toml if as_toml is not None else json.dumps(config)
        cases.append(["toml" if as_toml is not None else "json", text, int(options), judged(config, OPTIONS[options])])
    return cases


# ---- Batches


class Plain:
    """Stands for the tokenizing of captions: what counts is the caption."""
    is_partial = False

    def tokenize(self, caption):
        return [torch.zeros(1, 1)]


def batches():
    cases = []
    generator = random.Random(25)
    for number in range(40):
        with tempfile.TemporaryDirectory() as root:
            os.chdir(root)
            bucketed = number % 3 != 2
            files, subsets = [], []
            for index in range(generator.randint(1, 3)):
                is_reg = index == 1 or (index == 2 and generator.random() < 0.5)
                folder = f"f{index}"
                os.mkdir(folder)
                for picture in range(generator.randint(2, 6)):
                    size = (generator.randint(40, 200), generator.randint(40, 200))
                    if not bucketed:
                        size = (64, 64) if generator.random() < 0.5 else (generator.randint(64, 200), generator.randint(64, 200))
                    face = ""
                    if not bucketed and generator.random() < 0.5:
                        size = (generator.randint(64, 200), generator.randint(64, 200))
                        face = "_%d_%d_%d_%d" % (size[0] // 2, size[1] // 2, generator.randint(10, 90), generator.randint(10, 90))
                    name = f"{folder}/p{picture:02}{face}"
                    Image.new("RGB", size).save(name + ".png")
                    caption = None
                    if generator.random() < 0.8:
                        caption = caption_text(generator) or "x"
                        caption = caption.replace("\x1f", "")
                        Path(name + ".txt").write_bytes(caption.encode())
                    files.append([name + ".png", size, caption])
                options = subset_options(generator)
                options = {key: value for key, value in options.items() if value is not None}
                options |= dict(image_dir=folder, num_repeats=generator.randint(1, 3), is_reg=is_reg, caption_extension=".txt",
                                flip_aug=generator.random() < 0.5, random_crop=generator.random() < (0.5 if bucketed else 0.8),
                                color_aug=generator.random() < 0.3)
                if not bucketed:
                    options["face_crop_aug_range"] = [1.0, generator.choice([1.0, 3.0])]
                if generator.random() < 0.7:
                    options["class_tokens"] = f"class {index}"
                subsets.append(options)
            dataset = dict(resolution=64, batch_size=generator.choice([1, 2, 3]), enable_bucket=bucketed, subsets=subsets)
            if bucketed:
                dataset |= dict(min_bucket_reso=32, max_bucket_reso=128, bucket_reso_steps=8, bucket_no_upscale=number % 4 == 3)
            if number % 5 == 4:
                dataset["validation_split"] = 0.3
                if number % 2:
                    dataset["validation_seed"] = 9
            config = {"datasets": [dataset] * (1 + number % 2)}
            config = json.loads(json.dumps(config))
            seed = generator.randint(0, 2**32)
            group, validation = dataset_group(config, seed)
            train_util.resize_image = REAL_RESIZE
            group.set_max_train_steps(200)
            epochs = []
            for epoch in range(4):
                group.set_current_epoch(epoch)
                group.set_current_step(epoch * 30)
                if epoch == 0:
                    random.seed(0)
                epochs.append([described(dataset) for dataset in group.datasets])
            checked = []
            for dataset in validation.datasets if validation else []:
                dataset.debug_dataset = True
                checked.append(sorted(key for bucket in dataset.bucket_manager.buckets for key in bucket))
            cases.append(dict(files=files, config=json.dumps(config), seed=seed, epochs=epochs, validation=checked,
                              counts=[[dataset.num_train_images, dataset.num_reg_images] for dataset in group.datasets]))
            os.chdir("/")
    return cases


REAL_RESIZE = train_util.resize_image


def described(dataset):
    dataset.debug_dataset = True
    dataset.tokenize_strategy = Plain()
    dataset.text_encoder_output_caching_strategy = None
    rows = []
    for index in range(len(dataset)):
        try:
            item = dataset[index]
        except AssertionError:
            rows.append(None)
            break
        rows.append([item["image_keys"], item["captions"], item["loss_weights"].tolist(), item["original_sizes_hw"].tolist(),
                     item["crop_top_lefts"].tolist(), item["target_sizes_hw"].tolist(), [bool(flag) for flag in item["flippeds"]]])
    return [rows, random.random()]


def regularizations():
    """How often regularization pictures are shown, through datasets of many shapes."""
    cases = []
    for train, reg, repeats in [(1, 1, 1), (5, 2, 1), (10, 3, 1), (10, 3, 2), (3, 10, 1), (3, 10, 5), (7, 7, 1), (20, 3, 4), (1, 5, 1)]:
        with tempfile.TemporaryDirectory() as root:
            for folder, count in (("t", train), ("r", reg)):
                os.mkdir(f"{root}/{folder}")
                for number in range(count):
                    Image.new("RGB", (64, 64)).save(f"{root}/{folder}/{number:03}.png")
            subsets = [dict(image_dir=f"{root}/t"), dict(image_dir=f"{root}/r", is_reg=True, num_repeats=repeats)]
            group, _ = dataset_group({"datasets": [{"resolution": 64, "subsets": subsets}]}, 0)
            shown = {Path(key).name: info.num_repeats for key, info in group.image_data.items() if info.is_reg}
            cases.append([train, reg, repeats, [shown.get(f"{number:03}.png") for number in range(reg)]])
    return cases


# ---- Which caption file, and which step


ENDINGS = ["", "[general]\ncaption_extension = '.txt'\n", "[general]\ncaption_extension = 'txt'\n", "[general]\nshuffle_caption = false\n"]


def extensions():
    """The captions of pictures with files of two endings, by configurations that say which one and such that do not."""
    files = {"a.txt": "a txt", "a.caption": "a caption", "b.txt": "b txt", "c.caption": "c caption", "d.TXT": "d capitals"}
    cases = []
    for general in ENDINGS:
        for own in ("", "caption_extension = '.txt'\n", "caption_extension = '.caption'\n"):
            with tempfile.TemporaryDirectory() as root:
                os.chdir(root)
                os.mkdir("f")
                for name in "abcde":
                    Image.new("RGB", (64, 64)).save(f"f/{name}.png")
                for name, text in files.items():
                    Path("f", name).write_text(text)
                text = f"{general}[[datasets]]\nresolution = 64\n[[datasets.subsets]]\nimage_dir = 'f'\n{own}"
                Path("set.toml").write_text(text)
                group, _ = dataset_group(config_util.load_user_config("set.toml"), 0)
                read = {key: info.caption for key, info in sorted(group.image_data.items())}
                os.chdir("/")
            cases.append([text, files, read])
    return cases


class Keys(torch.utils.data.Dataset):
    """The pictures of a dataset group's batches."""

    def __init__(self, group):
        self.group = group
        self.set_current_epoch, self.set_current_step = group.set_current_epoch, group.set_current_step

    def __len__(self):
        return len(self.group)

    def __getitem__(self, index):
        return self.group[index]["image_keys"]


def steps():
    """Which pictures the training loop has at which step, through kohya's collator and torch's loader, whose shuffling is given a seed."""
    generator = random.Random(26)
    cases = []
    for number in range(12):
        with tempfile.TemporaryDirectory() as root:
            os.chdir(root)
            files, datasets = [], []
            for dataset in range(1 + number % 2):
                subsets = []
                for index in range(generator.randint(1, 3)):
                    folder = f"d{dataset}f{index}"
                    os.mkdir(folder)
                    for picture in range(generator.randint(1, 6)):
                        size = generator.choice([(64, 64), (128, 64), (64, 128)])
                        files.append([f"{folder}/p{picture}.png", size])
                        Image.new("RGB", size).save(files[-1][0])
                    subsets.append(dict(image_dir=folder, num_repeats=generator.randint(1, 3), is_reg=index == 1))
                datasets.append(dict(resolution=64, batch_size=generator.choice([1, 2, 3]), enable_bucket=True, min_bucket_reso=32,
                                     max_bucket_reso=128, bucket_reso_steps=8, subsets=subsets))
            seed = generator.randint(0, 1000)
            group, _ = dataset_group({"datasets": datasets}, seed)
            for dataset in group.datasets:
                dataset.debug_dataset, dataset.tokenize_strategy = True, Plain()
                dataset.text_encoder_output_caching_strategy = None
            keys, current_epoch, current_step = Keys(group), SimpleNamespace(value=0), SimpleNamespace(value=0)
            collator = train_util.collator_class(current_epoch, current_step, keys)
            rows, done = [], 0
            for epoch in (1, 2, 3):
                current_epoch.value = epoch
                # Else the collator does it, behind the epoch's first batch.
                group.set_current_epoch(epoch)
                sampler = torch.utils.data.RandomSampler(keys, generator=torch.Generator().manual_seed(seed + epoch))
                for batch in torch.utils.data.DataLoader(keys, batch_size=1, sampler=sampler, collate_fn=collator, num_workers=0):
                    current_step.value = done
                    rows.append([epoch, done, batch])
                    done += 1
            cases.append(dict(files=files, config=json.dumps({"datasets": datasets}), seed=seed, steps=rows))
            os.chdir("/")
    return cases


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    OUT = OUT.resolve()
    VOCABULARY = VOCABULARY.resolve()
    write("random.json.gz", random_numbers())
    write("permutations.json.gz", permutations())
    write("sizes.json.gz", sizes())
    write("captions.json.gz", captions())
    write("caption_files.json.gz", caption_files())
    write("tokens.json.gz", tokens())
    write("configurations.json.gz", configurations(), keep_floats=True)
    write("regularization.json.gz", regularizations())
    write("batches.json.gz", batches())
    write("extensions.json.gz", extensions())
    write("steps.json.gz", steps())
    write("placements.json.gz", placements())
    write("face_crops.json.gz", face_crops())
