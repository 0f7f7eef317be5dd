"""What kohya's own functions make of metadata files and of weighted captions.

Usage: dataset_finetune.py SD_SCRIPTS VOCABULARY OUT_DIR
Arguments, versions and stand-ins are those of dataset.py, whose fixtures these lie beside.
"""

import json
import os
import random
import shutil
import tempfile
from pathlib import Path

from PIL import Image

import dataset
from dataset import OUT, VOCABULARY, caption_text, dataset_group, described, subset_options, train_util, write
from library import custom_train_functions, strategy_base, strategy_sd

strategy_base.LatentsCachingStrategy.set_strategy(strategy_sd.SdSdxlLatentsCachingStrategy(True, False, 1, False))

# ---- Weighted captions

TEXTS = ["", "a fox", "(fox)", "[fox]", "(fox:1.3)", "(fox: 1.3 )", "(fox :1.3)", "((fox))", "(fox", "fox)", "[fox", "fox]", "(a [b (c:1.5)] d:0.5)",
         "\\(medium\\)", "\\\\(x)", "a\\b", "\\[x\\]", "a BREAK b", "(a BREAK b:1.2)", "BREAK", "un(import)ant", "a(b)c", "(a)(b)", "(a:0)", "(a:-1.5)",
         "(a:+2)", "(a:.5)", "(a:1.)", "a:1.2)", "(a:1.2.3)", "(a:.)", "a:1.2.3)", "(a:)", "(:1.2)", "()", "(())", "[]", ":", "(a:1.2) :1.3)",
         "(red, blue:1.2), hat", "blue:1.2), hat, (red", "(猫:1.4) と [犬]", "(a:\u0661.\u0665)", "(a\u3000b:1.1)", "(wow!! b!:1.2) !", "(a:1.1):1.2)",
         "<|endoftext|> (x:1.2)", "(a:99999999999999999999999999999999999999999999)", "\x1funit (sep:1.2)"]
TEXTS += ["(" + ", ".join(["tag"] * n) + ":1.2), tail" for n in (36, 37, 38, 75, 112, 113)]
TEXTS += [" ".join(f"(word:{1 + i / 100:.2f})" for i in range(n)) for n in (74, 75, 76, 149, 150, 151, 225, 226, 300)]
BITS = ["fox", "red hat", "(", ")", "[", "]", ":1.2)", ":0.8)", ": 1.2)", "\\(", "\\)", "\\", ", ", ",", " ", "BREAK", "猫", "!", ":", "(x:1.5)", "(very (long:1.1) words)"]


def weighted():
    from transformers import CLIPTokenizer
    tokenizers = {name: CLIPTokenizer.from_pretrained(str(VOCABULARY), pad_token=pad, model_max_length=77)
                  for name, pad in (("end", "<|endoftext|>"), ("zero", "!"))}
    generator = random.Random(31)
    chosen = [(text, padding, limit) for text in TEXTS for padding in tokenizers for limit in (75, 150, 225)]
    for _ in range(400):
        text = "".join(generator.choices(BITS, k=generator.choice([5, 20, 120])))
        chosen.append((text, generator.choice(["end", "zero"]), generator.choice([75, 150, 225])))
    cases = []
    for text, padding, limit in chosen:
        try:
            runs = custom_train_functions.parse_prompt_attention(text)
            ids, weights = strategy_base.TokenizeStrategy()._get_input_ids(tokenizers[padding], text, limit + 2, weighted=True)
        except ValueError:
            cases.append([text, padding, limit, None, None, None])
            continue
        cases.append([text, padding, limit, runs, ids.reshape(-1, 77).tolist(), weights.reshape(-1, 77).tolist()])
    return cases


# ---- Metadata files

# Keys of whole paths are sorted among others by their length, so the root's is a fixed one; the tests make theirs as long.
ROOT_LENGTH = 100
NAMES = ["a", "ab", "a_1", "b.c", "long name here", "猫", "ü", "x" * 30, "a2", "a_1_2_3_4_5", "p(1)", "q[1]"]


class Root:
    """A folder whose path has that length."""

    def __enter__(self):
        self.outer = tempfile.mkdtemp()
        self.path = f"{self.outer}/" + "r" * (ROOT_LENGTH - len(self.outer) - 1)
        os.mkdir(self.path)
        os.chdir(self.path)
        return self.path

    def __exit__(self, *_):
        os.chdir("/")
        shutil.rmtree(self.outer)


def pictures(generator, folder):
    """Pictures of a folder: name below the root and size."""
    made = []
    for name in generator.sample(NAMES, generator.randint(2, 7)):
        size = (generator.randint(40, 200), generator.randint(40, 200))
        path = f"{folder}/{name}.png"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Image.new("RGB", size).save(path)
        made.append([path, size])
    return made


def text_of(generator, empty=True):
    return generator.choice(([None, ""] if empty else []) + [caption_text(generator) or "x", "one line, two", "first\nsecond\n\n  \nlast", " padded "])


def entry(generator, size, wrong_size):
    made = {}
    if generator.random() < 0.8:
        made["caption"] = text_of(generator)
    if generator.random() < 0.6:
        made["tags"] = text_of(generator)
    if generator.random() < 0.4:
        made["image_size"] = list(size) if not wrong_size or generator.random() < 0.6 else [generator.randint(40, 200), generator.randint(40, 200)]
    if generator.random() < 0.3:
        made["train_resolution"] = [64, 64]
    return made


def metadata_text(generator, root, folder, made, as_lines, cached, whole_only):
    """The file's text, a row for each picture and some rows twice."""
    rows = []
    for path, size in made:
        key = f"{root}/{path}" if whole_only or generator.random() < 0.4 else path[len(folder) + 1:]
        if cached and key.startswith("/") and generator.random() < 0.6:
            # With cached latents a key may have no extension, and the picture may be gone.
            stem = os.path.splitext(path)[0]
            Path(f"{stem}_{size[0]:04d}x{size[1]:04d}_sd.npz").write_bytes(b"")
            cached.append(f"{stem}_{size[0]:04d}x{size[1]:04d}_sd.npz")
            if generator.random() < 0.4:
                key = f"{root}/{stem}"
        rows.append((key, entry(generator, size, not cached)))
        if generator.random() < 0.1:
            rows.append((key, entry(generator, size, not cached)))
    generator.shuffle(rows)
    if as_lines:
        return "\n".join(json.dumps({"image_path": key, **row}, ensure_ascii=generator.random() < 0.5) for key, row in rows) + "\n"
    inner = ",\n".join(f"{json.dumps(key)}: {json.dumps(row)}" for key, row in rows)
    return "{" + inner + "}"


def options(generator):
    made = {key: value for key, value in subset_options(generator).items() if value is not None}
    return made | dict(num_repeats=generator.choice([0, 1, 1, 2, 3]), flip_aug=generator.random() < 0.5)


def metadata():
    cases = []
    generator = random.Random(32)
    while len(cases) < 120:
        with Root() as root:
            number = len(cases)
            cached = [""] if number % 3 == 2 else []
            files, texts, subsets = [], {}, []
            for index in range(generator.randint(1, 3)):
                folder = f"f{index}"
                made = pictures(generator, folder)
                files += made
                name = f"m{index}.json" + ("l" if generator.random() < 0.4 else "")
                whole_only = generator.random() < 0.2
                texts[name] = metadata_text(generator, root, folder, made, name.endswith("l"), cached, whole_only)
                Path(name).write_text(texts[name], encoding="utf-8")
                subset = options(generator) | {"metadata_file": name}
                if not whole_only or generator.random() < 0.3:
                    subset["image_dir"] = generator.choice([folder, f"{root}/{folder}"])
                subsets.append(subset)
                if generator.random() < 0.15:
                    subsets.append(options(generator) | {"metadata_file": name, "image_dir": folder})
            bucketed = number % 4 != 3
            whole = dict(resolution=64, batch_size=generator.choice([1, 2, 3]), enable_bucket=bucketed, subsets=subsets)
            if bucketed:
                whole |= dict(min_bucket_reso=32, max_bucket_reso=128, bucket_reso_steps=8, bucket_no_upscale=number % 8 == 4)
            if number % 5 == 4:
                whole["validation_split"] = 0.3
            config = {"datasets": [whole] * (1 + number % 2)}
            seed = generator.randint(0, 2**32)
            try:
                group, validation = dataset_group(json.loads(json.dumps(config)), seed)
            except (FileNotFoundError, ValueError, IsADirectoryError, ZeroDivisionError, AssertionError):
                # A key without extension whose cache another one took; no subset with repeats. What stops is another fixture's.
                continue
            train_util.resize_image = dataset.REAL_RESIZE
            group.set_max_train_steps(200)
            infos = [[[key, info.caption, list(info.image_size), list(info.bucket_reso), info.num_repeats]
                      for key, info in one.image_data.items()] for one in group.datasets]
            epochs = []
            for epoch in range(0 if cached else 3):
                group.set_current_epoch(epoch)
                group.set_current_step(epoch * 30)
                if epoch == 0:
                    random.seed(0)
                epochs.append([described(one) for one in group.datasets])
            checked = [sorted(key for bucket in one.bucket_manager.buckets for key in bucket) for one in (validation.datasets if validation else [])]
            case = dict(files=files, caches=cached[1:], texts=texts, config=json.dumps(config), seed=seed, infos=infos, epochs=epochs, validation=checked,
                        counts=[one.num_train_images for one in group.datasets])
            if all(not info for info in infos):
                continue
            cases.append(json.loads(json.dumps(dataset.exact(case), ensure_ascii=False).replace(root, "ROOT")))
    return cases


REFUSED = [
    ("json", b""), ("json", b'["a.png"]'), ("json", b"3"), ("json", b"null"), ("json", b'"a.png"'), ("json", b"{"),
    ("json", b'{"a.png": {"caption": "x"},}'), ("json", b"\xef\xbb\xbf{\"a.png\": {\"caption\": \"x\"}}"), ("json", b'{"a.png": {"caption": "\xff"}}'),
    ("json", b'{"a.png": null}'), ("json", b'{"a.png": "a fox"}'), ("json", b'{"a.png": ["a fox"]}'), ("json", b'{"a.png": 3}'),
    ("json", b'{"a.png": {"caption": 5}}'), ("json", b'{"a.png": {"caption": ["x"]}}'), ("json", b'{"a.png": {"caption": "x", "tags": 3}}'),
    ("json", b'{"a.png": {"caption": "x", "tags": ["fox", "hat"]}}'), ("json", b'{"a.png": {"caption": {"x": 1}}}'), ("json", b'{"a.png": {"image_size": 64}}'),
    ("json", b'{"a.png": {"image_size": [64]}}'), ("json", b'{"a.png": {"image_size": [64, 64, 64]}}'), ("json", b'{"a.png": {"image_size": [0, 64]}}'),
    ("json", b'{"a.png": {"image_size": [64, 0]}}'), ("json", b'{"a.png": {"image_size": ["64", "64"]}}'), ("json", b'{"a.png": {"image_size": "64x64"}}'),
    ("json", b"{a.png: {}}"), ("json", b"{'a.png': {}}"), ("json", b'{"a.png": {"caption": "line\nbreak"}}'), ("json", b'{"a.png": {}} x'),
    ("json", b"[" * 5000), ("json", b'{"a.png": ' + b'{"x":' * 5000), ("jsonl", b"\n"), ("jsonl", b'{"image_path": "a.png"}\n\n'),
    ("jsonl", b'{"caption": "x"}'), ("jsonl", b'{"image_path": 3}'), ("jsonl", b'{"image_path": null}'), ("jsonl", b'[{"image_path": "a.png"}]'),
    ("jsonl", b'{"image_path": "a.png",\n"caption": "x"}'), ("jsonl", b'"image_path"'), ("jsonl", b"\xef\xbb\xbf{\"image_path\": \"a.png\"}"),
    ("jsonl", b'{"image_path": "a.png"} {"image_path": "b.png"}'), ("alone", b'{"a.png": {"caption": "x"}}'), ("none", b""),
]


def refusals():
    """At each of these kohya stops: when it is read, when buckets are made, or at the first batch."""
    cases = []
    for kind, text in REFUSED:
        with Root():
            os.mkdir("f")
            Image.new("RGB", (64, 64)).save("f/a.png")
            name = "m.jsonl" if kind == "jsonl" else "m.json"
            if kind != "none":
                Path(name).write_bytes(text)
            subset = {"metadata_file": name, "caption_tag_dropout_rate": 0.1} | ({} if kind == "alone" else {"image_dir": "f"})
            try:
                group, _ = dataset_group({"datasets": [{"resolution": 64, "enable_bucket": True, "min_bucket_reso": 64, "subsets": [subset]}]}, 0)
                for one in group.datasets:
                    described(one)
            except Exception as error:  # noqa: BLE001
                cases.append([kind, list(text), type(error).__name__])
            else:
                raise SystemExit(f"kohya takes {kind} {text!r}")
    return cases


if __name__ == "__main__":
    dataset.OUT, VOCABULARY = OUT.resolve(), VOCABULARY.resolve()
    write("weighted.json.gz", weighted())
    write("metadata.json.gz", metadata(), keep_floats=True)
    write("metadata_refused.json.gz", refusals())
