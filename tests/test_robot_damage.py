#!/usr/bin/env python3
"""test_robot_damage.py KSHOT [COUNT [FIRST]]: models that ship, damaged at random (bytes that are changed, parts that are cut out, doubled or
exchanged), and so their environments: check ends with exit code 0, 1 or 2, soon, with one line if it is 2, and leaves nothing behind. COUNT
files of each kind are tried, FIRST is the number of the first: the same number is the same damage."""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from kshot_cli import HERE, memory_folder

STABLE = os.path.join(os.path.dirname(HERE), "envs", "stable")
SECONDS = 40  # on a machine that does much else
NUMBERS = ["0", "-1", "1e9", "1e-9", "nan", "inf", "-inf", "1e300", "99999999999", "", "x", "0 0 0 0 0 0 0 0"]


def damage_bytes(rng, text):
    text = bytearray(text)
    for _ in range(rng.randint(1, 5)):
        text[rng.randrange(len(text))] = rng.choice(b'<>"/= .-0123456789abcxyz\n\t\0\xff:{}[],#&*')
    return bytes(text)


def damage_parts(rng, text):
    start = rng.randrange(len(text))
    end = min(len(text), start + rng.choice([1, 10, 100, 1000]))
    part, other = text[start:end], rng.randrange(len(text))
    return rng.choice([text[:start] + text[end:], text[:start] + part + text[start:], text[:other] + part + text[other:], text[:start]])


def damage_values(rng, text):
    """Another value in an attribute, so that it remains XML."""
    pieces = text.split(b'"')
    for _ in range(rng.randint(1, 3)):
        pieces[rng.randrange(len(pieces) // 2) * 2 + 1 if len(pieces) > 2 else 0] = rng.choice(NUMBERS).encode()
    return b'"'.join(pieces)


def damage_lines(rng, text):
    lines = text.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    choice = rng.randrange(3)
    if choice == 0:
        del lines[i]
    elif choice == 1:
        lines.insert(i, lines[j])
    else:
        lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


DAMAGES = [damage_bytes, damage_parts, damage_values, damage_lines]


def read(name):
    with open(f"{STABLE}/{name}", "rb") as file:
        return file.read()


def attempt(kshot, number, what):
    """Checks one damaged file; returns the exit code, or what is wrong."""
    rng = random.Random(f"{what} {number}")
    name = rng.choice(sorted(n for n in os.listdir(STABLE) if n.endswith(".yaml")))
    text = read(name)
    path = text.split(b"\nmodel: ")[1].split()[0]
    model = os.path.basename(path.decode())
    files = {name: text.replace(path, model.encode()), model: read(path.decode())}
    damaged = model if what == "model" else name
    files[damaged] = rng.choice(DAMAGES)(rng, files[damaged])
    with memory_folder() as folder:
        for file_name, content in files.items():
            with open(f"{folder}/{file_name}", "wb") as file:
                file.write(content)
        try:
            command = [kshot, "check", name, "--steps", "20"]
            result = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return f"{what} {number} ({damaged}): takes more than {SECONDS} s"
        left = set(os.listdir(folder)) - set(files)
    lines = result.stderr.count("\n")
    good = result.returncode in (0, 1, 2) and lines == (result.returncode != 0) and not left
    good = good and (lines == 0 or result.stderr.startswith("kshot: "))
    if good:
        return result.returncode
    return f"{what} {number} ({damaged}): exit code {result.returncode}, stderr {result.stderr!r}, left {left}"


def main():
    kshot = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if sys.argv[2:] and sys.argv[2] else 200  # CMake may pass an empty word
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    work = [(number, what) for what in ("model", "environment") for number in range(first, first + count)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda w: attempt(kshot, *w), work))
    problems = [r for r in results if isinstance(r, str)]
    print("\n".join(problems))
    print({code: results.count(code) for code in (0, 1, 2)}, f"{len(problems)} problems")
    assert results.count(2) > len(results) // 10 and results.count(0) > len(results) // 20, "the damage is too little, or too much"
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
