"""Turns what was measured into the tables of docs/performance.md."""

from pathlib import Path

BEGIN = "<!-- measured: everything up to the next mark is written by scripts/bench engine -->"
END = "<!-- end of what was measured -->"

# What is asked for: times eager's images per second, times those of PyTorch without weight gradients, share of eager's
# memory, share of the rate of matrix products.
FAMILIES = [
    (("resnet18",), 2, 1.5, 0.45, None),
    (("resnet50",), 2, 1.5, 0.45, 0.7),
    (("vgg16_bn",), 2, 1.5, 0.6, 0.7),
    (("mobilenet_v2", "efficientnet_b0", "shufflenet_v2_x1_0", "densenet121"), 4, 3, 0.3, None),
    (("vgg_small", "resnet20", "mobilenetv2_small"), 4, None, None, None),
]
START_UP_BARS = {"resnet50": 1.0}
MIB = 2**20


def bars(name: str) -> tuple:
    return next((family[1:] for family in FAMILIES if name in family[0]), (None, None, None, None))


def threads_text(count: str) -> str:
    return "1 thread" if count == "1" else f"{count} threads"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def at_least(value: float | None, bar: float | None) -> str:
    """A ratio beside its bar; bold where it misses it."""
    return judged(value, bar, "≥", bar is None or value is None or value >= bar)


def at_most(value: float | None, bar: float | None) -> str:
    return judged(value, bar, "≤", bar is None or value is None or value <= bar)


def judged(value: float | None, bar: float | None, sign: str, is_met: bool) -> str:
    if value is None:
        return "–"
    text = f"{value:.2f}" if is_met else f"**{value:.2f}**"
    return text if bar is None else f"{text} ({sign} {bar:g})"


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    return numerator / denominator if numerator is not None and denominator else None


def get(measured: dict, candidate: str, key: str):
    return measured.get(candidate, {}).get(key)


def speed(results: dict, threads: str) -> str:
    ranks = threads != "1"
    header = ["network", "PyTorch eager", "eager, channels-last", "no weight gradients", "ours"]
    header += [f"ours, {threads} ranks"] if ranks else []
    header += ["ours ÷ eager", "ours ÷ no weight gradients"]
    rows = []
    for name, network in results["networks"].items():
        measured = network["threads"][threads]
        rates = {key: get(measured, key, "rate") for key in measured}
        eager_bar, other_bar, _, _ = bars(name)
        row = [name] + [number(rates.get(key)) for key in ("eager", "eager-nhwc", "no-weight-grads", "ours")]
        row += [number(rates.get("ours-ranks"))] if ranks else []
        row += [
            at_least(ratio(rates["ours"], rates.get("eager")), eager_bar),
            at_least(ratio(rates["ours"], rates.get("no-weight-grads")), other_bar),
        ]
        rows.append(row)
    return table(header, rows)


def memory(results: dict, threads: str) -> str:
    header = ["network", "PyTorch eager", "no weight gradients", "ours", "ours ÷ eager", "told beforehand"]
    header += ["eager, network alone", "ours, network alone", "ours ÷ eager, network alone"]
    rows = []
    for name, network in results["networks"].items():
        measured = network["threads"][threads]

        def peak(candidate: str, is_alone: bool = False) -> float | None:
            whole = get(measured, candidate, "peak")
            return whole and (whole - (measured[candidate]["before"] if is_alone else 0)) / MIB

        told = measured["ours"]["memoryRequired"] / MIB
        rows.append([
            name, number(peak("eager")), number(peak("no-weight-grads")), number(peak("ours")),
            at_most(ratio(peak("ours"), peak("eager")), bars(name)[2]), number(told), number(peak("eager", True)),
            number(peak("ours", True)), at_most(ratio(peak("ours", True), peak("eager", True)), None),
        ])
    return table(header, rows)


def machine_rate(measured: dict) -> float:
    """Multiply-adds per second of the better of oneDNN's and PyTorch's matrix products."""
    return max(get(measured, key, "rate") or 0 for key in ("products", "torch-products"))


def roofline(results: dict) -> str:
    threads = list(next(iter(results["networks"].values()))["threads"])
    header = ["network", "forward", "backward"] + [f"share with {threads_text(count)}" for count in threads]
    rows = []
    for name, network in results["networks"].items():
        work = next(iter(network["threads"].values()))["ours"]["work"]
        row = [name] + [f"{work[part] / results['batch'] / 1e9:.2f}" for part in ("forward", "backward")]
        for measured in network["threads"].values():
            per_image = (work["forward"] + work["backward"]) / results["batch"]
            row.append(at_least(measured["ours"]["rate"] * per_image / machine_rate(measured), bars(name)[3]))
        rows.append(row)
    return table(header, rows)


def split(results: dict) -> str:
    profiles = {
        name: next(iter(network["threads"].values()))["ours"]["profile"]["kinds"]
        for name, network in results["networks"].items()
    }
    kinds = sorted({kind for kinds in profiles.values() for kind in kinds})
    rows = []
    for name, seconds in profiles.items():
        whole = sum(seconds.values())
        shares = [
            f"{seconds[kind] * 1e3:.1f} ({seconds[kind] / whole:.0%})" if kind in seconds else "–" for kind in kinds]
        rows.append([name, f"{whole * 1e3:.1f}", *shares])
    return table(["network", "batch"] + kinds, rows)


def start_up(results: dict) -> str:
    rows = [
        [name, at_most(network["start"]["seconds"], START_UP_BARS.get(name)), f"{network['start']['compile']:.2f}"]
        for name, network in results["networks"].items()
    ]
    return table(["network", "start", "of it compiling"], rows)


def text(results: dict) -> str:
    machine, parts = results["machine"], []
    networks = results["networks"]
    if not networks:
        return "Nothing was measured."
    versions = " against ".join(version for version in (machine["ours"], machine["peer"]) if version)
    parts.append(
        f"{machine['processor']}, {machine['memory']}; {versions}. Batches of {results['batch']} images, "
        f"medians of {results['rounds']} rounds; load of the machine before the first {machine['load']:.1f}. In "
        "brackets what was asked for; bold is what misses it.")
    counts = list(next(iter(networks.values()))["threads"])
    for threads in counts:
        plural = threads_text(threads)
        rates = [machine_rate(network["threads"][threads]) for network in networks.values()]
        parts.append(f"### Images per second, {plural}\n\n{speed(results, threads)}")
        parts.append(f"### Peak memory in MiB, {plural}\n\n{memory(results, threads)}")
        parts.append(
            f"Matrix products ran at {min(rates) / 1e9:.0f} to {max(rates) / 1e9:.0f} billion multiply-adds per second "
            f"with {plural}.")
    parts.append(
        "### Against the rate of matrix products\n\nMultiply-adds per image in billions, and the share of the "
        f"machine's rate for matrix products at which they were done.\n\n{roofline(results)}")
    parts.append(
        "### Where the time goes\n\nMilliseconds per batch on one worker, each kernel call timed alone.\n\n"
        f"{split(results)}")
    parts.append(f"### Start\n\nSeconds from the start of the process to its first batch.\n\n{start_up(results)}")
    return "\n\n".join(parts)


def inserted(text: str, page: Path) -> str:
    """The page with its measured part replaced; what people wrote around it stays."""
    whole = page.read_text()
    if whole.count(BEGIN) != 1 or whole.count(END) != 1 or whole.index(BEGIN) > whole.index(END):
        raise SystemExit(f"bench: error: {page.name} lacks the marks between which the numbers stand")
    before, rest = whole.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"
