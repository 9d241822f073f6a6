"""The rules of the house, read from the sources: arrows point downward only; nothing below the command prints, exits or reads
the environment; OpenMP stands in one place; nobody calls the C library's global random numbers; numbers are read and written
by base/number.h, which knows no locale.

usage: test_architecture.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])

# what each room may include, itself aside
ROOMS = {
    "base": [],
    "envs": ["base"],
    "nn": ["base"],
    "policy": ["base", "nn"],
    "rl": ["base", "envs", "nn", "policy"],
    "maml": ["base", "envs", "nn", "policy", "rl"],
    "run": ["base", "envs", "nn", "policy", "rl", "maml"],
    "figures": ["base"],
    "viewer": ["base", "envs", "nn", "policy", "rl", "maml"],
    "bench": ["base", "envs", "nn", "policy", "rl", "maml", "run", "viewer"],
    "cli": ["base", "envs", "nn", "policy", "rl", "maml", "run", "figures", "viewer", "bench"],
}
PROGRAMS = {"bench/phases.c"}  # with a main of their own
OPENMP = {"base/parallel.c"}
FORBIDDEN = r"\b(printf|vprintf|puts|putchar|perror|exit|_exit|quick_exit|getenv|secure_getenv|setenv|rand|srand|drand48)\s*\("
LOCALE = r"\b(setlocale|localeconv|uselocale|strto[df]|strtold|atof|[a-z]*scanf)\s*\("
PRINTS = re.compile(r"(?<!\w)(?:fprintf|v?snprintf|sprintf|asprintf|dprintf)\(")
FLOAT_FORMAT = r"%[-+ #0-9.*]*[aefgAEFG]"
NUMBERS = {"base/number.c", "viewer/panel.c"}  # the second writes what MuJoCo reads in the program's locale
STANDARD_STREAMS = r"\b(stdout|stderr)\b"
MAX_LINES = {".c": 650, ".h": 250}


def without_comments(text):
    """Comments and the insides of strings blanked, lines kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'

    def blank(match):
        s = match.group(0)
        return s if s[0] == '"' and "/" in s and s.endswith('.h"') else re.sub(r"[^\n]", " ", s)

    return re.sub(pattern, blank, text, flags=re.S)


def calls(text):
    """Every call that prints to a file or a buffer: the number of its line, its text."""
    # brackets inside of strings do not count
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', lambda s: s.group(0).replace("(", "[").replace(")", "]"), text)
    for match in PRINTS.finditer(text):
        depth, end = 1, match.end()
        while depth > 0:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text.count("\n", 0, match.start()) + 1, text[match.start() : end]


def check_numbers(name, text, problems):
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        for found in re.findall(LOCALE, line):
            problems.append(f"{name}:{number}: {found} follows the locale; base/number.h does not")
    for number, call in calls(text):
        if re.search(FLOAT_FORMAT, call.replace("%%", "")):
            problems.append(f"{name}:{number}: print numbers with a point by ks_fprintf or ks_snprintf")


def check(room, path, problems):
    name = path.relative_to(root).as_posix()
    text = path.read_text()
    if room != "cli" and room != "bench" and name not in NUMBERS:
        check_numbers(name, text, problems)
    if len(text.splitlines()) > MAX_LINES[path.suffix]:
        problems.append(f"{name}: longer than {MAX_LINES[path.suffix]} lines")
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        where = f"{name}:{number}"
        include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if include:
            target = include.group(1).split("/")[0] if "/" in include.group(1) else None
            if target is None:
                problems.append(f"{where}: write the folder, too: {include.group(1)}")
            elif target != room and target not in ROOMS[room]:
                problems.append(f"{where}: {room} may not include {include.group(1)}")
        if re.search(r"#\s*pragma\s+omp", line) and name not in OPENMP:
            problems.append(f"{where}: OpenMP belongs in {', '.join(sorted(OPENMP))}")
        if room != "cli" and name not in PROGRAMS:
            for found in re.findall(FORBIDDEN, line) + re.findall(STANDARD_STREAMS, line):
                problems.append(f"{where}: {found} is for the command alone")


problems = []
files = 0
for room in ROOMS:
    for path in sorted((root / room).rglob("*.[ch]")):
        check(room, path, problems)
        files += 1
if files < 20:
    problems.append(f"only {files} files found under {root}: is this the project?")
print("\n".join(problems) if problems else f"{files} files keep the rules")
sys.exit(bool(problems))
