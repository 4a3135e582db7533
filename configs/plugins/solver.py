"""A solver for prune-cluster: the step that loses least for what it saves, again and again, until every limit is met.

Needs Python 3.8 and nothing else. What it reads and writes: docs/plugins.md.
"""

import json
import os
import sys


def width(form, kept):
    """A constant plus multiples of what groups keep."""
    return form["constant"] + sum(part["per_unit"] * kept[part["group"]] for part in form["groups"])


def table_value(table, left, right):
    """A measured cost: the entry of the smallest widths in the table that are no smaller."""
    i = next((i for i, known in enumerate(table["lefts"]) if known >= left), len(table["lefts"]) - 1)
    j = next((j for j, known in enumerate(table["rights"]) if known >= right), len(table["rights"]) - 1)
    return table["values"][i][j]


def cost(requirement, kept, chosen):
    """What a plan costs: computed in this order, the sum has the very bits that prune-cluster compares with the limit."""
    total = 0.0
    for term in requirement["terms"]:
        left, right = width(term["left"], kept), width(term["right"], kept)
        if term["table"] is not None:
            total += term["coefficient"] * table_value(term["table"], left, right)
            continue
        value = term["coefficient"] * left * right
        if term["option"] is not None:
            value *= term["option"]["factors"][chosen[term["option"]["option"]]]
        total += value
    return total


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "problem.json"), encoding="utf-8") as file:
        problem = json.load(file)
    if (problem["protocol"], problem["version"]) != ("prune-cluster-solver", 1):
        sys.exit("this is no problem that I know")

    # Every group and option begins with its first choice: all units, and the original's widths.
    choices = [group["choices"] for group in problem["groups"]]
    step = [0] * len(choices)
    kept = [own[0]["kept"] for own in choices]
    chosen = [option["original"] for option in problem["options"]]

    def excess():
        """How far the plan is above its limits: 0 when it meets them all."""
        total = 0.0
        for requirement in problem["requirements"]:
            now = cost(requirement, kept, chosen)
            if now > requirement["limit"]:
                total += (now - requirement["limit"]) / requirement["original"]
        return total

    now = excess()
    while now > 0:
        best = None
        for group, own in enumerate(choices):
            for ahead in range(step[group] + 1, len(own)):
                before, kept[group] = kept[group], own[ahead]["kept"]
                saved = now - excess()
                kept[group] = before
                if saved > 0:
                    price = (own[ahead]["loss"] - own[step[group]]["loss"]) / saved
                    if best is None or price < best[0]:
                        best = (price, group, ahead)
                    break
        if best is None:
            sys.exit("the limits cannot be met by removing units")
        _, group, step[group] = best
        kept[group] = choices[group][step[group]]["kept"]
        now = excess()

    plan = {
        "protocol": problem["protocol"],
        "version": 1,
        "groups": [{"group": group, "kept": count} for group, count in enumerate(kept)],
        "options": [{"option": option, "alternative": alternative} for option, alternative in enumerate(chosen)],
    }
    with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as file:
        json.dump(plan, file)


if __name__ == "__main__":
    main()
