"""rackbill explain --all --json | python recompute.py: does every formula give its amount? Exit code 1 where one does not."""
import json, re, sys  # noqa: E401, I001
from fractions import Fraction
HALF = Fraction(1, 2)

def exact(formula):
    if not re.fullmatch(r"(?!.*(\*\*|//))(?:[0-9. +*/(),-]|min|max)+", formula):
        raise ValueError(f"not a formula: {formula}")
    numbers = re.sub(r"\d+(?:\.\d+)?", r"F('\g<0>')", formula)
    return Fraction(eval(numbers, {"__builtins__": {}, "F": Fraction, "min": min, "max": max}))

def rounded(value, rounding):
    whole, rest = divmod(abs(value), 1)
    up = {"half_up": rest >= HALF, "half_even": rest > HALF or (rest == HALF and whole % 2 == 1), "down": False}[rounding]
    return (-1 if value < 0 else 1) * (whole + up)

def reckoned(node):
    if isinstance(node, dict) and "formula" in node:
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from reckoned(child)

if __name__ == "__main__":
    results = []
    for document in map(json.loads, sys.stdin):
        for node in reckoned(document):
            minor = rounded(exact(node["formula"]) * 10 ** node["minor_digits"], node["rounding"])
            results.append(abs(minor - node["amount_minor"]) <= node["tolerance_minor"])
            results[-1] or print(f"{document['number']}: {node['formula']} is {minor}, not {node['amount_minor']}")
    sys.exit(print(f"{len(results)} formulas recomputed, {results.count(False)} wrong") or not (results and all(results)))
