"""Pictures of datasets: files of every kind with what Pillow says of them, sizes changed by OpenCV and Pillow, and the web UI's crops.

Usage: dataset_pictures.py WEBUI KOHYA OUT      writes OUT/headers/*, OUT/sources/*.png, OUT/resized/*.png, OUT/cases.json
WEBUI: a checkout of AUTOMATIC1111's web UI 1.10.1 (modules/textual_inversion/autocrop.py, scripts/processing_autosized_crop.py and
scripts/postprocessing_split_oversized.py were transcribed for the committed files, without their downloads, debug drawing and Haar fallback); KOHYA: a checkout of sd-scripts (library/utils.py's choice of filter);
OUT: tests/fixtures/datapictures.
Python 3.11, Pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.4.6.
"""
import importlib.util
import json
import pathlib
import random
import sys
import types
from unittest import mock

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def load(path):
    """A module of the web UI by itself: what it imports of the rest is not run here."""
    for name in ("modules", "modules.paths_internal", "modules.scripts_postprocessing", "modules.ui_components", "gradio", "requests"):
        sys.modules.setdefault(name, mock.MagicMock(models_path="/nowhere"))
    sys.modules.setdefault("pkg_resources", types.SimpleNamespace(parse_version=lambda version: tuple(map(int, version.split(".")[:3]))))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scene(width, height, seed, blobs=6):
    """Soft ground with a few sharp things on it: something to find a focus in."""
    rng = random.Random(seed)
    noise = np.random.default_rng(seed).integers(0, 256, (max(height // 24, 2), max(width // 24, 2), 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((width, height), Image.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(blobs):
        x, y = rng.randrange(width), rng.randrange(height)
        r = rng.randrange(4, max(5, min(width, height) // 4))
        colour = tuple(rng.randrange(256) for _ in range(3))
        shape = rng.choice([draw.ellipse, draw.rectangle])
        shape([x - r, y - r, x + r, y + r // 2], fill=colour, outline=tuple(255 - c for c in colour))
    return picture


def exif(orientation, little):
    block = Image.Exif()
    block.endian = "<" if little else ">"
    block[0x0112] = orientation
    block[0x010F] = "camera"
    return block


def headers(out):
    """Small files of every kind that Pillow writes. The answers are Pillow's own."""
    out.mkdir(parents=True, exist_ok=True)
    base = scene(13, 7, 1)
    alpha = base.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(base.size))
    deep = Image.fromarray((np.arange(91, dtype=np.uint16) * 700).reshape(7, 13))
    clear = base.quantize(16)
    frames = [scene(13, 7, seed) for seed in (2, 3)]
    base.convert("1").save(out / "png-1bit.png")
    base.convert("L").save(out / "png-gray.png")
    base.convert("LA").save(out / "png-gray-alpha.png")
    deep.save(out / "png-gray16.png")
    base.save(out / "png-rgb.png")
    alpha.save(out / "png-rgba.png")
    cv2.imwrite(str(out / "png-rgb16.png"), np.array(base, dtype=np.uint16) * 257)
    base.quantize(16).save(out / "png-palette.png")
    clear.save(out / "png-palette-clear.png", transparency=3)
    base.save(out / "png-rgb-key.png", transparency=(0, 0, 0))
    frames[0].save(out / "png-animated.png", save_all=True, append_images=frames[1:])
    base.save(out / "png-exif.png", exif=exif(8, True))
    for orientation in range(1, 9):
        base.save(out / f"jpeg-exif{orientation}.jpg", exif=exif(orientation, orientation % 2 == 0), quality=60)
    base.convert("L").save(out / "jpeg-gray.jpg", quality=60)
    base.convert("CMYK").save(out / "jpeg-cmyk.jpg", quality=60)
    base.save(out / "jpeg-progressive.jpg", progressive=True, quality=60)
    base.save(out / "webp-lossy.webp", quality=60)
    base.save(out / "webp-lossless.webp", lossless=True)
    alpha.save(out / "webp-alpha.webp", quality=60)
    alpha.save(out / "webp-alpha-lossless.webp", lossless=True)
    base.save(out / "webp-exif.webp", exif=exif(6, False), quality=60)
    frames[0].save(out / "webp-animated.webp", save_all=True, append_images=frames[1:], quality=60)
    base.convert("1").save(out / "bmp-1bit.bmp")
    base.quantize(16).save(out / "bmp-palette.bmp")
    base.save(out / "bmp-rgb.bmp")
    alpha.save(out / "bmp-rgba.bmp")
    answers = {}
    for path in sorted(out.iterdir()):
        with Image.open(path) as picture:
            turned = picture.getexif().get(0x0112, 1)
            answers[path.name] = {
                "format": picture.format.lower(),
                "size": picture.size,
                "mode": picture.mode,
                "alpha": picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info,
                "orientation": turned,
                "frames": getattr(picture, "n_frames", 1),
                "rgb": [int(v) for v in np.array(picture.convert("RGB")).reshape(-1)[:39]],
            }
    return answers


def resized(sources, out, kohya):
    """(source, width, height, by): `kohya` is resize_image of sd-scripts, `bicubic` Pillow's default."""
    out.mkdir(parents=True, exist_ok=True)
    cases = []
    for name, width, height, by in [
        ("wide", 105, 60, "kohya"), ("wide", 70, 40, "kohya"), ("wide", 77, 51, "kohya"), ("wide", 209, 119, "kohya"),
        ("wide", 210, 37, "kohya"), ("wide", 1, 1, "kohya"), ("wide", 211, 120, "kohya"), ("wide", 300, 171, "kohya"),
        ("wide", 120, 200, "kohya"), ("tall", 64, 107, "kohya"), ("tall", 31, 50, "bicubic"), ("tall", 90, 150, "bicubic"),
        ("clear", 33, 21, "kohya"), ("clear", 90, 70, "kohya"), ("clear", 32, 24, "kohya"), ("gray", 40, 30, "kohya"),
    ]:
        source = sources[name]
        if by == "kohya":
            mode = "RGBA" if source.mode == "RGBA" else "RGB"
            pixels = np.array(source.convert(mode))
            made = Image.fromarray(kohya(pixels, source.width, source.height, width, height))
        else:
            made = source.resize((width, height))
        file = f"{name}-{width}x{height}-{by}.png"
        made.save(out / file, optimize=True)
        cases.append({"source": name, "size": [width, height], "by": by, "file": file})
    return cases


def autosized(module):
    """What the web UI chooses for 400 sizes; the box is caught on its way to Pillow."""
    rng = random.Random(5)
    cases = []
    for _ in range(400):
        size = [rng.randrange(30, 3000), rng.randrange(30, 3000)]
        low = rng.choice([64, 256, 384, 512])
        options = {
            "min_side": low, "max_side": low + rng.randrange(0, 1200), "min_area": rng.choice([64 * 64, 200_000]),
            "max_area": rng.choice([640 * 640, 512 * 512, 1024 * 1024]),
            "objective": rng.choice(["Maximize area", "Minimize error"]), "threshold": rng.choice([0.0, 0.05, 0.1, 0.3, 1.0]),
        }
        picture = types.SimpleNamespace(size=tuple(size), resize=lambda to, _filter, box: [list(to), list(box)])
        made = module.multicrop_pic(picture, *options.values())
        cases.append({"size": size, "options": list(options.values()), "made": made})
    return cases


def split(module):
    rng = random.Random(6)
    cases = []
    for _ in range(200):
        size = [rng.randrange(100, 4000), rng.randrange(100, 4000)]
        width, height = rng.choice([(512, 512), (512, 768), (640, 448), (64, 100)])
        overlap = rng.choice([0.0, 0.2, 0.35, 0.9])
        portrait = size[1] > size[0]
        ratio = (size[0] * height) / (size[1] * width) if portrait else (size[1] * width) / (size[0] * height)
        made = None
        if ratio < 0.98:
            def resize(to):
                return types.SimpleNamespace(crop=lambda box: [list(to), list(box)])
            picture = types.SimpleNamespace(width=size[0], height=size[1], resize=resize)
            made = list(module.split_pic(picture, not portrait, width, height, overlap))
        cases.append({"size": size, "to": [width, height], "overlap": overlap, "ratio": ratio, "made": made})
    return cases


def focused(sources, module):
    """Points of each kind and the chosen one, in pictures that already have their size."""
    cases = []
    for name, picture in sources.items():
        picture = picture.convert("RGB")
        side = min(picture.size)
        for edges, entropy, crop in [(0.5, 0.15, side), (0.0, 0.5, side), (1.0, 0.0, side), (0.5, 0.15, side * 3 // 4)]:
            settings = module.Settings(crop, crop, edges, entropy, 0.9)
            corners = [[int(p.x), int(p.y)] for p in module.image_corner_points(picture, settings)]
            busy = [[p.x, p.y] for p in module.image_entropy_points(picture, settings)]
            point = module.focal_point(picture, settings)
            cases.append({
                "source": name, "crop": crop, "edges": edges, "entropy": entropy,
                "corners": corners, "busiest": busy, "point": [int(point.x), int(point.y)],
            })
    return cases


def cropped(sources, module, out):
    """Whole crops, written as files."""
    cases = []
    for name, width, height in [("wide", 96, 96), ("tall", 80, 80), ("tall", 64, 96), ("square", 64, 64), ("square", 96, 64), ("wide", 64, 96)]:
        made = module.crop_image(sources[name], module.Settings(width, height, 0.5, 0.15, 0.9))[0]
        file = f"{name}-{width}x{height}-focus.png"
        made.save(out / file, optimize=True)
        cases.append({"source": name, "size": [width, height], "file": file})
    return cases


def make_sources(out):
    out.mkdir(parents=True, exist_ok=True)
    sources = {"wide": scene(210, 120, 11), "tall": scene(96, 160, 12), "square": scene(128, 128, 13, 3), "gray": scene(80, 60, 14).convert("L")}
    sources["clear"] = scene(64, 48, 15).convert("RGBA")
    sources["clear"].putalpha(Image.radial_gradient("L").resize((64, 48)))
    sources["plain"] = Image.new("RGB", (120, 60), (90, 120, 200))
    sources["banner"] = scene(240, 64, 16, 2).filter(ImageFilter.GaussianBlur(1))
    sources["column"] = scene(60, 200, 17, 4)
    for name, picture in sources.items():
        picture.save(out / f"{name}.png", optimize=True)
    return sources


def main():
    webui, kohya, out = map(pathlib.Path, sys.argv[1:4])
    sys.path.insert(0, str(kohya))
    from library.utils import resize_image

    sources = make_sources(out / "sources")
    autocrop = load(webui / "modules/textual_inversion/autocrop.py")
    cases = {
        "headers": headers(out / "headers"),
        "resized": resized(sources, out / "resized", resize_image),
        "autosized": autosized(load(webui / "scripts/processing_autosized_crop.py")),
        "split": split(load(webui / "scripts/postprocessing_split_oversized.py")),
        "focused": focused(sources, autocrop),
        "cropped": cropped(sources, autocrop, out / "resized"),
    }
    (out / "cases.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
