"""The rules of the house, read from the sources: arrows point downward only; the core knows no kind of problem; nothing below the
command prints, exits or reads the environment; OpenMP stands in one place; nobody calls the C library's global random numbers;
numbers are read and written by base/number.h, which knows no locale. That each of these can fail is tried on a house of paper.

usage: test_architecture.py ROOT
"""
import pathlib
import re
import sys
import tempfile

# what each room may include, itself aside
CORE = ["base", "nn", "policy", "maml"]
ROOMS = {
    "base": [],
    "nn": ["base"],
    "policy": ["base", "nn"],
    "maml": ["base", "nn", "policy"],
    "envs": ["base"],
    "rl": CORE + ["envs"],
    "fewshot": CORE,
    "run": CORE + ["envs", "rl", "fewshot"],
    "figures": ["base"],
    "viewer": CORE + ["envs", "rl", "fewshot"],
    "page": CORE + ["envs", "rl", "fewshot", "viewer"],
    "bench": CORE + ["envs", "rl", "fewshot", "run", "viewer"],
    "python": CORE + ["envs", "rl", "fewshot", "run", "viewer"],
    "cli": CORE + ["envs", "rl", "fewshot", "run", "figures", "viewer", "page", "bench"],
}
# what no room of the core may call, however it came to know of it: what tasks are is a problem's alone
OF_PROBLEMS = r"\bks_(?:env|rl|sampler|batch|rollout|advantage|mujoco|problem_rl|sinusoid|problem_sinusoid)(?:_\w+)?\b"
PROGRAMS = {"bench/phases.c", "bench/small_groups.c"}  # with a main of their own
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
        return s if s[0] == '"' and s.endswith('.h"') else re.sub(r"[^\n]", " ", s)

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


def check(room, path, root, problems):
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
        if room in CORE:
            for found in re.findall(OF_PROBLEMS, line):
                problems.append(f"{where}: {found} is a problem's; {room} is to know no kind of problem")
        if re.search(r"#\s*pragma\s+omp", line) and name not in OPENMP:
            problems.append(f"{where}: OpenMP belongs in {', '.join(sorted(OPENMP))}")
        if room != "cli" and name not in PROGRAMS:
            for found in re.findall(FORBIDDEN, line) + re.findall(STANDARD_STREAMS, line):
                problems.append(f"{where}: {found} is for the command alone")


def check_house(root):
    """What is wrong with it, and how many files it has."""
    problems, files = [], 0
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.[ch]")):
            check(room, path, root, problems)
            files += 1
    return problems, files


# a file, what stands in it, and what must be said of it
PAPER = [
    ("maml/a.c", '#include "rl/rl.h"\n', "maml may not include rl/rl.h"),
    ("maml/b.h", '#include "envs/env.h"\n', "maml may not include envs/env.h"),
    ("maml/c.c", "void ks_rl_destroy(void* problem);\n", "ks_rl_destroy is a problem's"),
    ("maml/d.c", '#include "fewshot/sinusoid.h"\n', "maml may not include fewshot/sinusoid.h"),
    ("fewshot/a.c", '#include "rl/rl.h"\n', "fewshot may not include rl/rl.h"),
    ("rl/a.c", '#include "fewshot/sinusoid.h"\n', "rl may not include fewshot/sinusoid.h"),
    ("policy/a.c", '#include "maml/inner.h"\n', "policy may not include maml/inner.h"),
    ("nn/a.c", '#include "policy/policy.h"\n', "nn may not include policy/policy.h"),
    ("envs/a.c", '#include "nn/vec.h"\n', "envs may not include nn/vec.h"),
    ("rl/b.c", '#include "run/config.h"\n', "rl may not include run/config.h"),
    ("figures/a.c", '#include "run/config.h"\n', "figures may not include run/config.h"),
    ("viewer/a.c", '#include "cli/cli.h"\n', "viewer may not include cli/cli.h"),
    ("run/a.c", '#include "config.h"\n', "write the folder, too"),
    ("run/b.c", 'int f(void) { puts(""); }\n', "puts is for the command alone"),
    ("run/c.c", "void f(void) { use(stderr); }\n", "stderr is for the command alone"),
    ("rl/c.c", "#pragma omp parallel for\n", "OpenMP belongs in base/parallel.c"),
    ("policy/b.c", "double f(void) { return atof(x); }\n", "atof follows the locale"),
    ("base/a.c", 'void f(void) { snprintf(x, n, "%g", 1.0); }\n', "print numbers with a point"),
    ("nn/b.c", "\n" * 651, "longer than 650 lines"),
    ("rl/d.c", '#include "maml/problem.h"\n/* #include "run/config.h" */\n', None),
]


def check_on_paper():
    """Every rule, broken: each must be seen, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text, _ in PAPER:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)
        seen, _ = check_house(root)
    missed = [f"not seen: {name}: {says}" for name, _, says in PAPER
              if (says is not None) != any(p.startswith(name) and (says or "") in p for p in seen)]
    return missed or ([] if len(seen) == sum(says is not None for _, _, says in PAPER) else ["seen too much:"] + seen)


root = pathlib.Path(sys.argv[1])
problems, files = check_house(root)
problems += check_on_paper()
rooms = {path.parent.name for path in root.glob("*/CMakeLists.txt")} - {"tests"}
if rooms != set(ROOMS):
    problems.append(f"rooms of the house and of this test: {sorted(rooms ^ set(ROOMS))} are in one of them only")
print("\n".join(problems) if problems else f"{files} files keep the rules")
sys.exit(bool(problems))
