"""Makes tests/fixtures/infotext/ with A1111's own functions and with Pillow.

    cargo test --release --test infotext -- --ignored write_pictures_for_pillow
    python tests/reference/infotext.py --a1111 /path/to/stable-diffusion-webui

Needs Pillow 13.0.0, piexif 1.1.3 (A1111's), pytz and numpy, and a checkout of stable-diffusion-webui 1.10.1, of which only
modules/{infotext_utils,processing,images}.py are read; nothing of it is kept. The fixtures in the repository were made with the
1.10.1 state inside stable-diffusion-webui-forge 04c6ab68.
"""

import argparse
import ast
import datetime
import functools
import hashlib
import json
import os
import re
import string
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

import piexif
import piexif.helper
import pytz
from PIL import Image, PngImagePlugin

OUT = Path(__file__).parent.parent / "fixtures" / "infotext"


def definitions(source, names, scope):
    """Runs the named top-level definitions of a module by themselves, in a scope of our own."""
    tree = ast.parse(source.read_text(encoding="utf8"))

    def wanted(node):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            return node.name in names
        return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in names for t in node.targets)

    body = [node for node in tree.body if wanted(node)]
    scope["__name__"] = source.stem
    exec(compile(ast.Module(body, []), str(source), "exec"), scope)
    return types.SimpleNamespace(**{name: scope[name] for name in names})


FIELDS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b"

TEXTS = [
    "",
    "   \n\n",
    "a fox",
    FIELDS,
    f"a fox\n{FIELDS}",
    f"a fox\nNegative prompt: lowres, text\n{FIELDS}",
    f"  a fox,  \n\n  red fur \nNegative prompt:   lowres,\n  (text:1.2)\n\n bad\n{FIELDS}   ",
    f"a fox\r\nred\r\nNegative prompt: text\r\n{FIELDS}\r\n",
    f"狐狸，红色\nNegative prompt: 低质量\n{FIELDS}",
    f"Negative prompt: only negative\n{FIELDS}",
    f"a\nNegative prompt: one\nNegative prompt: two\n{FIELDS}",
    f"mid Negative prompt: stays prompt\n{FIELDS}",
    "a poster that says Steps: 20, Sampler: Euler, Seed: 5",
    f"Steps: 20, Sampler: Euler, Seed: 5\n{FIELDS}",
    "a fox\nSteps: 20, Seed: 5",
    "a fox\nSteps: 20, Seed: 5, Nothing",
    f'a fox\n{FIELDS}, Lora hashes: "fox: 0123456789ab, red: ba9876543210", Version: v1.10.1',
    f'a fox\n{FIELDS}, Model: "a, b: c", Hires prompt: "two\\nlines \\"quoted\\"", Version: v1.10.1',
    f'a fox\n{FIELDS}, Odd: "x" y, Bad: "\\q,", Open: "never closed, Next: 1',
    f"a fox\n{FIELDS}, Empty: , Other:  , Last: x",
    f"a fox\n{FIELDS}, Steps: 30",
    f"a fox\n{FIELDS}, Void: \"\", Backslash: a\\b",
    f"a fox\nSteps: 20,Sampler: DPM++ 2M Karras,CFG scale: 7.5,Seed: 1,Size: 640x960",
    f"a fox\n{FIELDS}, 风格: 水墨, Ünïcode-key/2: x, ²: y, a: short, _x: under",
    f"a fox\n{FIELDS}, Unit: \"Module: none, Weight: 1\", ControlNet 0: \"Module: canny, Model: x [abc]\"",
    f"a fox\n{FIELDS}, Time: 12:30, Url: http://x/y, Trailing: x  , After: 1",
    "a fox\n{\"json\": 1, \"other\": 2, \"third\": 3}",
    "a fox\nhttp: one, https: two, ftp: three",
    f"a\tfox\n\t{FIELDS}\u3000\u001f",
    f"a\u2028fox\u0085{FIELDS}",
    f"a fox\n{FIELDS}, Quote: \", Two: \"\", Three: \"a\"\"b\", Tab: \"a\tb\"",
    f"a fox\n{FIELDS}, Escaped: \"\\u72d0 \\/ \\b\", Surrogate pair: \"\\ud83e\\udd8a\"",
]


def reference_parse(a1111):
    """A1111's parser without the defaults that it fills in for the web UI."""
    opts = types.SimpleNamespace(infotext_skip_pasting=[], infotext_styles="Ignore")
    scope = {
        "re": re,
        "json": json,
        "shared": types.SimpleNamespace(opts=opts),
        "infotext_versions": mock.Mock(),
        "prompt_parser": types.SimpleNamespace(parse_prompt_attention=lambda text: []),
        "restore_old_hires_fix_params": lambda res: None,
        "print": lambda *args: None,
    }
    names = ["re_param_code", "re_param", "re_imagesize", "unquote", "quote", "parse_generation_parameters"]
    module = definitions(a1111 / "modules/infotext_utils.py", names, scope)

    def parse(text):
        read = module.parse_generation_parameters(text)
        last_line = text.strip().split("\n")[-1]
        written = [key for key, _ in module.re_param.findall(last_line)]
        fields = {}
        for key in written:
            if key in read:
                fields[key] = read[key]
            elif f"{key}-1" in read:
                fields[key] = f"{read[f'{key}-1']}x{read[f'{key}-2']}"
        if len(written) < 3:
            fields = {}
        return {"prompt": read["Prompt"], "negative_prompt": read["Negative prompt"], "fields": fields}

    return module, parse


def made(**changes):
    """Our GenerationFields with the web UI's defaults."""
    return {
        "prompt": "a fox", "negative_prompt": "", "steps": 20, "sampler": "Euler a", "schedule": "Automatic", "cfg_scale": 7,
        "seed": 1234, "width": 512, "height": 512, "model_hash": "6ce0161689", "model": "v1-5-pruned-emaonly",
        "vae_hash": None, "vae": None, "clip_skip": 1, "ensd": 0, "sampler_uses_ensd": True, "rng": "GPU", "extra": [],
        "version": "v1.10.1",
    } | changes


MADE = [
    made(),
    made(negative_prompt="lowres, text"),
    made(prompt="  狐狸,\n  red \n", negative_prompt="低质量\nbad"),
    made(prompt="", negative_prompt="lowres"),
    made(prompt=""),
    made(cfg_scale=7.5, seed=4294967293, width=1024, height=640, sampler="DPM++ 2M", schedule="SGM Uniform"),
    made(sampler="DDIM", sampler_uses_ensd=False, ensd=31337, clip_skip=2),
    made(ensd=31337, clip_skip=12, rng="NV"),
    made(ensd=-1, rng="CPU", vae_hash="735e4c3a44", vae="vae-ft-mse-840000-ema-pruned.safetensors"),
    made(model="anime: v2, \"final\"", model_hash=None),
    made(model="国风3_\\x"),
    made(extra=[["Emphasis", "No norm"], ["Lora hashes", "fox: 0123456789ab, 红: ba9876543210"], ["Tiling", "Tiling"]]),
    made(extra=[["Denoising strength", "0.7"], ["Hires prompt", "two\nlines\tand \u0001 \u007f"], ["Hires upscale", "2"]]),
]


def reference_write(a1111, infotext_utils, one):
    """A1111's create_infotext, given a job that has what `one` says."""
    opts = types.SimpleNamespace(
        CLIP_stop_at_last_layers=one["clip_skip"], eta_noise_seed_delta=one["ensd"], face_restoration_model=None,
        add_model_hash_to_info=True, add_model_name_to_info=True, add_vae_hash_to_info=True, add_vae_name_to_info=True,
        add_version_to_infotext=True, add_user_name_to_info=False, randn_source=one["rng"], fp8_storage=None,
    )
    job = types.SimpleNamespace(
        batch_size=1, all_negative_prompts=[one["negative_prompt"]], get_token_merging_ratio=lambda for_hr=False: 0,
        steps=one["steps"], sampler_name=one["sampler"], scheduler=one["schedule"], cfg_scale=one["cfg_scale"],
        restore_faces=False, width=one["width"], height=one["height"], sd_model_hash=one["model_hash"],
        sd_model_name=one["model"], sd_vae_hash=one["vae_hash"], sd_vae_name=one["vae"], subseed_strength=0,
        seed_resize_from_w=0, seed_resize_from_h=0, extra_generation_params=dict(one["extra"]),
        is_using_inpainting_conditioning=False, tiling=False,
    )
    common = types.SimpleNamespace(is_sampler_using_eta_noise_seed_delta=lambda p: one["sampler_uses_ensd"])
    scope = {
        "opts": opts, "shared": types.SimpleNamespace(opts=opts), "sd_samplers_common": common,
        "devices": types.SimpleNamespace(fp8=False), "program_version": lambda: one["version"],
        "infotext_utils": infotext_utils, "errors": mock.Mock(), "StableDiffusionProcessing": object,
    }
    create = definitions(a1111 / "modules/processing.py", ["create_infotext"], scope).create_infotext
    return create(job, [one["prompt"]], [one["seed"]], [0], index=0)


PROMPTS = [
    "a fox, red",
    "",
    "   ",
    "  .. a/b\\c:d*e?f\"g<h>i|j#k ... ",
    "line\nbreak\ttab\rreturn",
    "狐狸" * 100,
    "x" * 127 + " . y",
    "(masterpiece:1.2), [fox|cat], 'it's' <lora:x:1> one two three four five six seven eight nine",
    "ünïcødé — 狐，狸",
]
PATTERNS = [
    "[seed]", "[seed]-[prompt_spaces]", "[date]", "[prompt]", "[prompt_words]", "[steps]-[cfg]", "[width]x[height]",
    "[sampler]_[scheduler]", "[sampler_scheduler]", "[model_name] [model_hash]", "[prompt_hash]", "[prompt_hash<12>]",
    "[negative_prompt_hash]", "[full_prompt_hash<4>]", "[clip_skip]", "a-[batch_number]-[generation_number]z", "[batch_size]",
    "x[denoising]y", "[none]", "[unknown] [SEED] [", "[datetime<%Y-%m-%d>]", "[datetime<%H:%M><Asia/Shanghai>]", "[datetime]",
    "[styles]", "[date]/[seed]", "no pattern",
]


def filenames(a1111):
    """A1111's save_image names at a fixed moment."""

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2024, 7, 27, 3, 4, 5, 678901, tzinfo=pytz.utc if tz is None else tz)

    cmd_opts = types.SimpleNamespace(filenames_max_length=128)
    options = types.SimpleNamespace(data={"CLIP_stop_at_last_layers": 2}, directories_max_prompt_words=8)
    checkpoint = types.SimpleNamespace(name_for_extra="anime/v3: x")
    shared = types.SimpleNamespace(cmd_opts=cmd_opts, sd_model=mock.Mock(sd_checkpoint_info=checkpoint, sd_model_hash="6ce0161689"))
    samplers = types.SimpleNamespace(find_sampler_config=lambda name: types.SimpleNamespace(options={"scheduler": "karras"}))
    scope = {
        "datetime": types.SimpleNamespace(datetime=Clock), "re": re, "string": string, "functools": functools, "hashlib": hashlib,
        "os": os, "pytz": pytz, "shared": shared, "opts": options, "errors": mock.Mock(), "sd_samplers": samplers,
        "invalid_filename_chars": '#<>:"/\\|?*\n\r\t', "invalid_filename_prefix": " ", "invalid_filename_postfix": " .",
    }
    names = [
        "re_nonletters", "re_pattern", "re_pattern_arg", "max_filename_part_length", "NOTHING_AND_SKIP_PREVIOUS_TEXT",
        "sanitize_filename_part", "get_scheduler_str", "get_sampler_scheduler_str", "get_sampler_scheduler", "FilenameGenerator",
        "get_next_sequence_number",
    ]
    images = definitions(a1111 / "modules/images.py", names, scope)

    def apply(pattern, prompt, **changes):
        job = types.SimpleNamespace(**{
            "steps": 20, "cfg_scale": 7, "sampler_name": "DPM++ 2M", "scheduler": "SGM Uniform", "sd_model_hash": "6ce0161689",
            "styles": [], "prompt": prompt, "negative_prompt": "bad", "batch_size": 1, "n_iter": 1, "batch_index": 0,
            "iteration": 0, "denoising_strength": None, **changes,
        })
        picture = types.SimpleNamespace(width=512, height=768)
        return images.FilenameGenerator(job, 1234, prompt, picture).apply(pattern)

    cases = [{"pattern": p, "prompt": "a fox", "batch": None, "name": apply(p, "a fox")} for p in PATTERNS]
    for prompt in PROMPTS:
        for pattern in ["[prompt]", "[prompt_spaces]", "[prompt_words]", "[prompt_hash]"]:
            cases.append({"pattern": pattern, "prompt": prompt, "batch": None, "name": apply(pattern, prompt)})
    batch = {"batch_size": 2, "n_iter": 3, "batch_index": 1, "iteration": 2}
    for pattern in ["a-[batch_number]-[generation_number]z", "[batch_size]"]:
        cases.append({"pattern": pattern, "prompt": "a fox", "batch": batch, "name": apply(pattern, "a fox", **batch)})

    numbers = []
    for files in [
        [], ["00000-1.png"], ["00007-1.png", "00003-2.png", "readme.txt"], ["12.png", "013-x-y.jpg"], ["x-99.png", "-5.png"],
        ["99999-1.png"], ["100000-1.png"], ["20240101-1.png"], ["00004-1.png.tmp", "00002"], [" 8 -a.png"],
    ]:
        with tempfile.TemporaryDirectory() as folder:
            for name in files:
                Path(folder, name).touch()
            numbers.append({"files": files, "next": images.get_next_sequence_number(folder, "")})
    return {"now": "2024-07-27T03:04:05.678901Z", "names": cases, "numbers": numbers}


LATIN = "a café, red fox\nNegative prompt: text\n" + FIELDS
CJK = "狐狸 🦊, red\nNegative prompt: 低质量\n" + FIELDS


def user_comment(payload):
    return piexif.dump({"Exif": {piexif.ExifIFD.UserComment: payload}})


def pictures():
    """Small pictures as Pillow and A1111 write them, and what A1111 would show for each."""
    picture = Image.new("RGB", (8, 8), (180, 60, 40))
    expected = {}

    def save(name, text, **options):
        picture.save(OUT / name, **options)
        expected[name] = text

    for name, text in [("pillow-latin1.png", LATIN), ("pillow-cjk.png", CJK)]:
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", text)
        save(name, text, pnginfo=info)
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", LATIN, zip=True)
    save("pillow-ztxt.png", LATIN, pnginfo=info)
    info = PngImagePlugin.PngInfo()
    info.add_itxt("parameters", CJK, lang="zh", tkey="参数", zip=True)
    save("pillow-itxt-zip.png", CJK, pnginfo=info)
    info = PngImagePlugin.PngInfo()
    info.add(b"tEXt", b"parameters\0" + LATIN.encode("latin-1"), after_idat=True)
    save("pillow-after-idat.png", LATIN, pnginfo=info)
    save("pillow-exif.png", CJK, exif=user_comment(piexif.helper.UserComment.dump(CJK, encoding="unicode")))
    save("pillow-none.png", None)

    info = PngImagePlugin.PngInfo()
    for key, value in {
        "Title": "AI generated image", "Description": "{{fox}}, red", "Software": "NovelAI", "Source": "Stable Diffusion 81274D13",
        "Comment": json.dumps({"steps": 28, "sampler": "k_euler_ancestral", "seed": 3119210338, "strength": 0.69, "noise": 0.667,
                               "scale": 11.0, "uc": "lowres, text"}),
    }.items():
        info.add_text(key, value)
    save("novelai.png", "{{fox}}, red\nNegative prompt: lowres, text\nSteps: 28, Sampler: Euler a, CFG scale: 11.0, "
         "Seed: 3119210338, Size: 8x8, Clip skip: 2, ENSD: 31337", pnginfo=info)

    unicode = piexif.helper.UserComment.dump(CJK, encoding="unicode")
    save("a1111.jpg", CJK)
    piexif.insert(user_comment(unicode), str(OUT / "a1111.jpg"))
    save("a1111.webp", CJK)
    piexif.insert(user_comment(unicode), str(OUT / "a1111.webp"))
    save("a1111.avif", CJK, exif=user_comment(unicode))
    save("little-endian.jpg", CJK, exif=user_comment(b"UNICODE\0" + CJK.encode("utf-16-le")))
    ascii_text = "a fox\n" + FIELDS
    save("ascii.jpg", ascii_text, exif=user_comment(b"ASCII\0\0\0" + ascii_text.encode()))
    save("utf8.webp", CJK, exif=user_comment(CJK.encode()))
    save("none.jpg", None)
    save("none.webp", None)

    # What A1111 itself reads: all but UTF-16 in the other order.
    for name, text in expected.items():
        exif = Image.open(OUT / name).info.get("exif")
        if exif and name != "little-endian.jpg":
            comment = piexif.load(exif)["Exif"].get(piexif.ExifIFD.UserComment, b"")
            try:
                comment = piexif.helper.UserComment.load(comment)
            except ValueError:
                comment = comment.decode("utf8", errors="ignore")
            assert comment == text, name

    # What danlu wrote: Pillow must read the same text and find every chunk whole.
    for name, text in [("ours-latin1.png", LATIN), ("ours-cjk.png", CJK)]:
        ours = Image.open(OUT / name)
        ours.verify()
        ours = Image.open(OUT / name)
        ours.load()
        assert ours.info == {"parameters": text} and ours.mode == "RGB" and ours.size == (8, 8), name
        assert ours.getpixel((3, 5)) == (3 * 30, 5 * 30, 77), name
        expected[name] = text
    return expected


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--a1111", type=Path, required=True)
    a1111 = arguments.parse_args().a1111
    os.environ["TZ"] = "UTC"

    infotext_utils, parse = reference_parse(a1111)
    written = [one | {"text": reference_write(a1111, infotext_utils, one)} for one in MADE]
    for name, value in {
        "parse.json": [{"text": text, **parse(text)} for text in TEXTS],
        "write.json": written,
        "filenames.json": filenames(a1111),
        "pictures.json": pictures(),
    }.items():
        (OUT / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    sys.exit(main())
