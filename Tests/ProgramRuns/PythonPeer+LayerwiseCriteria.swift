extension PythonPeer {
  /// The criteria as their papers put them, each of a matrix H: the order of removal, and the damages.
  package static let layerwiseCriteria = """
    import json, math, sys
    import numpy

    def greedy(h):
        gone, damages = [], []
        for _ in range(len(h)):
            tries = {}
            for one in range(len(h)):
                if one not in gone:
                    both = gone + [one]
                    tries[one] = h[numpy.ix_(both, both)].sum()
            best = min(tries, key=tries.get)
            gone.append(best)
            damages.append(tries[best])
        return gone, damages

    def lasso(h):
        sides = h.sum(1)
        factors, falls = numpy.ones(len(h)), [(0, size) for size in numpy.sqrt(numpy.diag(h))]
        for step in range(65):
            penalty = abs(sides).max() * 2.0 ** ((step - 64) / 4)
            gradient = sides - h @ factors
            for _ in range(200):
                largest = 0
                for one, square in enumerate(numpy.diag(h).tolist()):
                    old, new = factors[one], 0
                    wanted = gradient[one] + square * old
                    if square > 0 and abs(wanted) > penalty:
                        new = (wanted - math.copysign(penalty, wanted)) / square
                    if new != old:
                        factors[one] = new
                        gradient -= (new - old) * h[one]
                        largest = max(largest, (new - old) ** 2 * square)
                if largest <= 1e-12 * sides.sum():
                    break
            for one in numpy.nonzero(factors)[0]:
                falls[one] = (step + 1, abs(factors[one]) * h[one, one] ** 0.5)
        order = sorted(range(len(h)), key=lambda one: (*falls[one], one))
        damages = []
        for gone in range(1, len(h) + 1):
            kept = order[gone:]
            best = numpy.linalg.lstsq(h[numpy.ix_(kept, kept)], sides[kept], rcond=1e-12)[0] if kept else numpy.zeros(0)
            rest = numpy.ones(len(h))
            rest[order] = 1
            rest[kept] -= best
            damages.append(rest @ h @ rest)
        return order, damages

    mask = (1 << 64) - 1
    def split_mix(*words):
        state = 0
        def following():
            nonlocal state
            state = (state + 0x9E3779B97F4A7C15) & mask
            mixed = state
            mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
            return mixed ^ (mixed >> 31)
        for word in words:
            state ^= word
            state = following()
        return following

    def aofp(h, draws, seed, group):
        space, left = list(range(len(h))), []
        while len(space) > 1:
            found = {one: [] for one in space}
            for draw in range(draws):
                following = split_mix(seed, group, len(left), draw)
                masked = []
                for position, one in enumerate(space):
                    if ((len(space) - position) * following()) >> 64 < len(space) // 2 - len(masked):
                        masked.append(one)
                damage = h[numpy.ix_(masked, masked)].sum()
                for one in masked:
                    found[one].append(damage)
            ranked = sorted(space, key=lambda one: (numpy.mean(found[one]) if found[one] else numpy.inf, one))
            left.append(ranked[len(space) // 2:])
            space = sorted(ranked[:len(space) // 2])
        order = space + sum(reversed(left), [])
        return order, [h[numpy.ix_(order[:one], order[:one])].sum() for one in range(1, len(h) + 1)]
    """
}
