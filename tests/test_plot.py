#!/usr/bin/env python3
"""test_plot.py KSHOT: figures are whole files of their kind, what they show are the numbers of the files behind them, texts stand
in them as they were typed, and what cannot be drawn is said in one line."""

import os
import re
import shutil
import struct
import sys
import tempfile
import zlib

import numpy as np
from figure_reader import SVG, Figure, check_close
from kshot_cli import CONFIGS, SMALL, Kshot, content, rows, settings
from safetensors import safe_open
from safetensors.numpy import save_file

BAD, FAILED = 2, 1
COLUMNS = "label,env,task,goal,gradient_step,mean_return,trajectories,mean_length"
ODD_LABEL = """it's "a" \\n @2_π^{x} %d $y <b>&amp; `c`"""  # no comma, which a CSV would cut at


def write_errors(path, errors):
    """An eval CSV of sinusoid; errors: label -> (tasks x stages)."""
    with open(path, "w") as file:
        file.write("label,env,task,goal,gradient_step,mse\n")
        for label, table in errors.items():
            for task, stages in enumerate(table):
                for step, value in enumerate(stages):
                    file.write(f"{label},sinusoid,{task},,{step},{value:.9g}\n")
    return path


def write_eval(path, returns, env="half-cheetah-dir"):
    """An eval CSV; returns: label -> (tasks x stages)."""
    with open(path, "w") as file:
        file.write(COLUMNS + "\n")
        for label, table in returns.items():
            for task, stages in enumerate(table):
                for step, value in enumerate(stages):
                    file.write(f"{label},{env},{task},{task / 8},{step},{value:.9g},20,200\n")
    return path


def some_returns():
    draw = np.random.default_rng(5).normal
    return {
        "MAML": np.array([-50, 200, 260, 265]) + 40 * draw(size=(12, 4)),
        "pretrained": np.array([-40, -25, -10, 20]) + 25 * draw(size=(12, 4)),
        "oracle": 440 + 10 * draw(size=(12, 1)),
    }


# ---- what is drawn ------------------------------------------------------------------------------------------------------------


def returns_are_those_of_the_file(kshot, folder):
    returns = some_returns()
    path, out = write_eval(f"{folder}/eval.csv", returns), f"{folder}/returns.svg"
    kshot.done("plot", path, "-o", out)
    figure = Figure(out)
    for label, wanted_band in zip(("MAML", "pretrained"), figure.bands()):
        table = returns[label]
        line, mean = figure.line(label), table.mean(0)
        interval = 1.96 * table.std(0, ddof=1) / np.sqrt(len(table))
        check_close(figure, line[:, 0], range(4), f"{label}: steps")
        check_close(figure, line[:, 1], mean, f"{label}: means")
        check_close(figure, wanted_band[1], mean - interval, f"{label}: lower ends of the intervals")
        check_close(figure, wanted_band[2], mean + interval, f"{label}: upper ends of the intervals")
        assert not figure.dashed(label)
    assert len(figure.bands()) == 2, "the oracle has none"
    oracle = figure.line("oracle")
    assert figure.dashed("oracle") and oracle[0, 0] <= 0 and oracle[-1, 0] >= 3, "the oracle is a dashed line across"
    check_close(figure, oracle[:, 1], np.full(len(oracle), returns["oracle"].mean()), "oracle")
    for text in ("half-cheetah-dir", "gradient steps", "mean return, 12 tasks", "MAML", "oracle", "95 % interval (tasks)"):
        assert text in figure.texts, f"'{text}' is not in {figure.texts}"
    return path


def files_of_one_label_are_one_line(kshot, folder):
    """Two seeds on the same tasks: each task's mean over both counts once."""
    first, second = some_returns()["MAML"], 2 * some_returns()["pretrained"]
    paths = [write_eval(f"{folder}/seed{i}.csv", {f"seed {i}": t}) for i, t in enumerate((first, second))]
    kshot.done("plot", *paths, "--label", "both", "-o", f"{folder}/both.svg")
    figure = Figure(f"{folder}/both.svg")
    table = (first + second) / 2
    check_close(figure, figure.line("both")[:, 1], table.mean(0), "means over two files")
    ((_, low, _),) = figure.bands()
    check_close(figure, low, table.mean(0) - 1.96 * table.std(0, ddof=1) / np.sqrt(12), "intervals over two files")


def the_papers_numbers_are_there(kshot, folder, path):
    kshot.done("plot", path, "--paper", "half-cheetah-dir", "-o", f"{folder}/paper.svg")
    figure = Figure(f"{folder}/paper.svg")
    check_close(figure, figure.line("MAML (paper)")[:, 1], [-50.69, 293.19, 313.48, 315.65], "the paper's MAML")
    check_close(figure, figure.line("random (paper)")[:, 1], [-35.73, 21.83, 62.32, 86.18], "the paper's random policy")
    assert abs(figure.line("oracle (paper)")[0, 1] - 442.69) < figure.accuracy()
    assert figure.dashed("pretrained (paper)") and figure.dashed("oracle (paper)")
    kshot.done("plot", "--paper", "ant-dir", "-o", f"{folder}/paper-alone.svg")
    figure = Figure(f"{folder}/paper-alone.svg")
    check_close(figure, figure.line("maml (paper)")[:, 1], [8.66, 499.15, 500.68, 499.11], "the paper alone")
    kshot.refused(BAD, ["--paper ant-vel", path, "half-cheetah-dir"], "plot", path, "--paper", "ant-vel", "-o", f"{folder}/never.svg")
    for env in ("gym/half-cheetah-dir", "half-cheetah-dir-file"):  # a variant, and what the paper does not know
        variant = write_eval(f"{folder}/variant.csv", some_returns(), env)
        kshot.done("plot", variant, "--paper", "half-cheetah-dir", "-o", f"{folder}/variant.svg", "--force")
    variant = write_eval(f"{folder}/variant.csv", some_returns(), "gym/ant-dir")
    kshot.refused(BAD, ["gym/ant-dir"], "plot", variant, "--paper", "half-cheetah-dir", "-o", f"{folder}/never.svg")


def tables_have_the_numbers(kshot, folder, path):
    """The same as Markdown: a row per label, the paper's below it, and the distance of each to its own oracle."""
    out, returns = f"{folder}/table.md", some_returns()

    def read(*words):
        kshot.done("plot", *words, "-o", out, "--force")
        lines = content(out).decode().splitlines()
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
        assert len({len(row) for row in cells}) == 1 and set(cells[1]) <= {"---", "---:"}, lines
        return cells[0], {row[0]: row[1:] for row in cells[2:]}

    head, table = read(path, "--paper", "half-cheetah-dir")
    assert head == ["half-cheetah-dir", "0 steps", "1 step", "2 steps", "3 steps", "oracle minus 1 step"]
    assert list(table) == [f"{m}{p}" for m in ("MAML", "pretrained", "oracle") for p in ("", ", paper")] + ["random, paper"]
    oracle = returns["oracle"].mean()
    for label in ("MAML", "pretrained"):
        x = returns[label]
        for cell, mean, interval in zip(table[label], x.mean(0), 1.96 * x.std(0, ddof=1) / np.sqrt(len(x))):
            assert cell == f"{mean:.2f} ± {interval:.2f}", (label, cell, mean, interval)
        assert table[label][4] == f"{oracle - x.mean(0)[1]:.2f}"
    assert table["MAML, paper"] == ["-50.69", "293.19", "313.48", "315.65", "149.50"]
    assert table["oracle"][0].startswith(f"{oracle:.2f} ±") and table["oracle"][1:] == [""] * 4
    assert table["oracle, paper"] == ["442.69"] + [""] * 4
    only = write_eval(f"{folder}/only.csv", {"a|b_*c*": returns["MAML"][:1, :3]})
    head, table = read(only, "--title", "<x>")
    assert head == ["\\<x\\>", "0 steps", "1 step", "2 steps"] and list(table) == [r"a\|b\_\*c\*"], (head, table)
    assert table[r"a\|b\_\*c\*"] == [f"{x:.2f}" for x in returns["MAML"][0, :3]], "no interval for one task"
    kshot.refused(BAD, ["table.md", "--force"], "plot", path, "-o", out)
    kshot.done("plot", path, "-o", f"{folder}/without.md", env=dict(os.environ, PATH="/none"))


def errors_are_those_of_the_file(kshot, folder):
    """Of examples: means on a logarithmic axis; on a plain one from 0 where they are close."""
    steps, draw = np.arange(11), np.random.default_rng(6).lognormal
    errors = {"MAML": 3 * 0.6 ** steps * draw(0, 0.3, (40, 11)), "pretrained": 3 - 0.1 * steps + 0.3 * draw(size=(40, 11)),
              "oracle": np.full((40, 2), (0.004, 1e9))}
    path, out = write_errors(f"{folder}/errors.csv", errors), f"{folder}/errors.svg"
    kshot.done("plot", path, "-o", out)
    figure = Figure(out, logarithmic=True)
    for label, band in zip(("MAML", "pretrained"), figure.bands()):
        table, line = errors[label], figure.line(label)
        interval = 1.96 * table.std(0, ddof=1) / np.sqrt(len(table))
        check_close(figure, line[:, 1], figure.scaled(table.mean(0)), f"{label}: means")
        check_close(figure, band[1], figure.scaled(table.mean(0) - interval), f"{label}: lower ends")
        check_close(figure, band[2], figure.scaled(table.mean(0) + interval), f"{label}: upper ends")
    oracle = figure.line("oracle")[:, 1]
    check_close(figure, oracle, figure.scaled(np.full(len(oracle), 0.004)), "the oracle, without a step, however it diverges with one")
    assert "mean squared error, 40 tasks" in figure.texts and "sinusoid" in figure.texts, figure.texts
    close = write_errors(f"{folder}/close.csv", {"a": errors["pretrained"]})
    kshot.done("plot", close, "-o", f"{folder}/close.svg")
    figure = Figure(f"{folder}/close.svg")
    check_close(figure, figure.line("a")[:, 1], errors["pretrained"].mean(0), "means")
    assert "0" in figure.texts, "errors start at 0"
    kshot.done("plot", path, "-o", f"{folder}/errors.md")
    lines = content(f"{folder}/errors.md").decode().splitlines()
    mean = errors["MAML"].mean(0)
    assert lines[0].endswith("| 10 steps | 1 step minus oracle |") and lines[0].startswith("| sinusoid | 0 steps |"), lines[0]
    assert f"| {mean[2]:#.3g} ± " in lines[2] and lines[2].endswith(f"| {mean[1] - 0.004:#.3g} |"), lines[2]
    kshot.refused(BAD, ["--paper", "mse"], "plot", path, "--paper", "point", "-o", f"{folder}/never.svg")
    with open(f"{folder}/images.csv", "w") as file:  # accuracies stand beside a column that is passed over
        file.write("label,env,task,goal,gradient_step,accuracy,loss\n" + "".join(
            f"maml,images,{task},,{step},{0.2 + 0.1 * step + 0.05 * task},9\n" for task in range(3) for step in range(4)))
    kshot.done("plot", f"{folder}/images.csv", "-o", f"{folder}/images.svg")
    figure = Figure(f"{folder}/images.svg")
    check_close(figure, figure.line("maml")[:, 1], [0.25, 0.35, 0.45, 0.55], "accuracies")
    assert "accuracy, 3 tasks" in figure.texts, figure.texts
    other = write_eval(f"{folder}/other.csv", some_returns(), env="sinusoid")
    kshot.refused(BAD, ["other.csv", "mean_return", "mse"], "plot", path, other, "-o", f"{folder}/never.svg")
    return errors


def what_diverges_is_told_by_medians(kshot, folder, errors):
    """One task that has diverged, and all labels are told by their medians, it among the worst."""
    gone = errors["pretrained"].copy()
    gone[3, 5:], gone[7, 8:], gone[11, 10] = np.nan, -np.inf, 1e12
    path = write_errors(f"{folder}/gone.csv", {"MAML": errors["MAML"], "other": gone, "oracle": errors["oracle"]})
    kshot.done("plot", path, "-o", f"{folder}/gone.svg")
    figure = Figure(f"{folder}/gone.svg", logarithmic=True)
    ranks = int(40 / 2 - 0.98 * np.sqrt(40))
    for label, table, band in zip(("MAML", "other (3 of 40 diverge)"), (errors["MAML"], gone), figure.bands()):
        table = np.sort(np.where(np.isfinite(table), table, np.inf), axis=0)
        check_close(figure, figure.line(label)[:, 1], figure.scaled(0.5 * (table[19] + table[20])), f"{label}: medians")
        check_close(figure, band[1], figure.scaled(table[ranks]), f"{label}: lower ends")
        check_close(figure, band[2], figure.scaled(table[39 - ranks]), f"{label}: upper ends")
    assert "median MSE, 40 tasks" in figure.texts, figure.texts
    kshot.done("plot", path, "-o", f"{folder}/gone.md")
    text = content(f"{folder}/gone.md").decode()
    assert "| sinusoid, medians |" in text and "| other (3 of 40 diverge) |" in text and "nan" not in text, text
    gone[:, 1:] = np.nan  # nothing is left but what was there before
    kshot.done("plot", write_errors(f"{folder}/gone.csv", {"all": gone}), "-o", f"{folder}/gone.svg", "--force")
    write_errors(f"{folder}/nan.csv", {"all": np.full((2, 2), np.nan)})
    kshot.refused(BAD, ["all tasks diverge"], "plot", f"{folder}/nan.csv", "-o", f"{folder}/never.svg")


def write_run(folder, name, rows_, method="maml"):
    """A run directory of sinusoid with the numbers of `rows_` (iterations x stages) as its errors."""
    run = f"{folder}/{name}"
    os.mkdir(run)
    with open(f"{run}/config.yaml", "w") as file:
        file.write(f"problem: sinusoid\nmethod: {method}\n")
    with open(f"{run}/progress.csv", "w") as file:
        stages = len(rows_[0])
        file.write("iteration," + ",".join(f"mse_{j}" for j in range(stages)) + ",outer_loss,sampling_s,update_s\n")
        for i, row in enumerate(rows_):
            file.write(f"{i}," + ",".join(f"{x:.9g}" for x in row) + ",1,0.1,0.1\n")
    return run


def write_acting_run(folder, name, iterations, steps, env="point"):
    """A run directory of a policy: so many environment steps an iteration."""
    run = f"{folder}/{name}"
    os.mkdir(run)
    with open(f"{run}/config.yaml", "w") as file:
        file.write(f"env: {env}\n")
    with open(f"{run}/progress.csv", "w") as file:
        file.write("iteration,env_steps,return_0,return_1\n")
        file.writelines(f"{i},{(i + 1) * steps},{i % 7 - 50},{i % 5 - 20}\n" for i in range(iterations))
    return run


def marks_are_round(kshot, folder):
    """Few numbers below the axis, whole ones of iterations, and the last is near the end."""
    def check(run, wanted, *words):
        kshot.done("plot", run, *words, "-o", f"{folder}/marks.svg", "--force")
        marks = re.findall(r'text-anchor="middle">\s*<text>([\d.]+)<', content(f"{folder}/marks.svg").decode())
        assert marks == [f"{x:g}" for x in wanted], f"{run}: {marks}, not {wanted}"

    for count, last, step in ((1, 1, 1), (2, 1, 1), (3, 2, 1), (20, 20, 5), (100, 100, 20), (1000, 1000, 200), (1700, 1500, 500),
                              (2000, 2000, 500), (3000, 3000, 500), (5000, 5000, 1000), (20000, 20, 5), (70000, 70, 10)):
        table = np.stack([np.full(count, 3), np.linspace(3, 1, count)], axis=1)
        check(write_run(folder, f"marks-{count}", table), np.arange(0, last + step, step))
    for count, steps, last, step in ((5, 3200, 15, 5), (500, 1600, 800, 200), (300, 160000, 50, 10), (37, 30000, 1.2, 0.2)):
        run = write_acting_run(folder, f"marks-{count}-{steps}", count, steps)
        check(run, np.arange(0, last + step / 2, step), "--x", "env-steps")


def an_environments_name_is_the_title(kshot, folder):
    """Of one from a file: its own name, not the file's."""
    run = write_acting_run(folder, "from-file", 3, 100, env=f"{folder}/robot.yaml")
    kshot.done("plot", run, "-o", f"{folder}/from-file.svg")
    assert "robot.yaml" in Figure(f"{folder}/from-file.svg").texts, "there is no policy that knows better"
    save_file({"x": np.zeros(1, np.float32)}, f"{run}/policy.safetensors", metadata={"env": "biped"})
    kshot.done("plot", run, "-o", f"{folder}/from-file.svg", "--force")
    texts = Figure(f"{folder}/from-file.svg").texts
    assert "biped" in texts and "robot.yaml" not in texts, texts


def smoothed(table, beside):
    """Means over `beside` points to either side: near the start over as many as there are, at the end over what is left."""
    reach = np.minimum(np.arange(len(table)), beside)
    return np.array([table[i - r : i + r + 1].mean(0) for i, r in enumerate(reach)])


def many_iterations_are_smoothed(kshot, folder):
    """The line is smooth, and behind it is the raw one."""
    noise = np.random.default_rng(9).lognormal(0, 0.2, (200, 2))
    table = noise * np.stack([3 * np.ones(200), 1 + 2 * np.exp(-np.arange(200) / 30)], axis=1)
    run, out = write_run(folder, "noisy", table), f"{folder}/noisy.svg"
    kshot.done("plot", run, "-o", out)
    figure = Figure(out)
    for title, stage in (("maml, before", 0), ("maml, after 1 step", 1)):
        check_close(figure, figure.line(title)[:, 1], smoothed(table, 5)[:, stage], title)
    raw = [figure.strokes(group)[0] for _, group in figure.plots()[:2]]
    for drawn, stage in zip(raw, (1, 0)):
        check_close(figure, drawn[:, 1], table[:, stage], f"raw numbers of stage {stage}")
    assert "iteration, smoothed over 11" in figure.texts, figure.texts


def long_runs_are_averaged(kshot, folder):
    """Of 70,000 iterations a figure shows means of blocks; low and high are those of the runs' means."""
    draw, rows_ = np.random.default_rng(7).lognormal, 2607
    fall = np.stack([3 * np.ones(rows_), 3 * np.exp(-np.arange(rows_) / 500)], axis=1)
    tables = [fall * draw(0, 0.2, (rows_, 2)) for _ in range(2)]
    runs = [write_run(folder, f"long-{i}", table) for i, table in enumerate(tables)]
    out = f"{folder}/long.svg"
    kshot.done("plot", *runs, "-o", out)
    figure = Figure(out, logarithmic=True)
    block, points = rows_ // 250, 260
    ends = np.array([(p + 1) * block for p in range(points - 1)] + [rows_])  # the last takes what is left
    means = np.stack([smoothed(np.array([table[p * block : end].mean(0) for p, end in enumerate(ends)]), points // 40) for table in tables])
    for title, stage, (_, low, high) in zip(("maml, after 1 step", "maml, before"), (1, 0), figure.bands()):
        line = figure.line(title)
        check_close(figure, line[:, 0], (np.arange(points) * block + ends - 1) / 2, "middles of blocks")
        check_close(figure, line[:, 1], figure.scaled(means[:, :, stage].mean(0)), f"{title}: means")
        check_close(figure, low, figure.scaled(means[:, :, stage].min(0)), f"{title}: lowest")
        check_close(figure, high, figure.scaled(means[:, :, stage].max(0)), f"{title}: highest")
    assert "iteration, smoothed over 130" in figure.texts and "mean squared error" in figure.texts, figure.texts
    assert os.path.getsize(out) < 60000, os.path.getsize(out)
    kshot.refused(BAD, ["env-steps"], "plot", *runs, "--x", "env-steps", "-o", f"{folder}/never.svg")
    return runs


def accuracies_are_those_of_the_file(kshot, folder):
    """One line and band a label; what has step 0 alone is a mark with its interval."""
    draw = np.random.default_rng(11).integers
    labels = {"maml": draw(0, 6, (30, 4)) / 5, "maml (inductive)": draw(0, 5, (30, 4)) / 5, "pixels (nearest)": draw(1, 6, (30, 1)) / 5}
    with open(f"{folder}/accuracy.csv", "w") as file:
        file.write("label,env,task,goal,gradient_step,accuracy,loss\n")
        for label, table in labels.items():
            for task, steps in enumerate(table):
                for step, value in enumerate(steps):
                    file.write(f"{label},images,{task},,{step},{value:.9g},{'nan' if 'nearest' in label else 0.5}\n")
    kshot.done("plot", f"{folder}/accuracy.csv", "-o", f"{folder}/accuracy.svg")
    figure = Figure(f"{folder}/accuracy.svg")
    assert "accuracy, 30 tasks" in figure.texts and set(labels) <= set(figure.texts), figure.texts
    for (label, table), (_, low, high) in zip(list(labels.items())[:2], figure.bands()):
        error = 1.96 * table.std(0, ddof=1) / 30**0.5
        check_close(figure, figure.line(label)[:, 1], table.mean(0), label)
        check_close(figure, low, table.mean(0) - error, f"{label}: band")
        check_close(figure, high, table.mean(0) + error, f"{label}: band")
    kshot.done("plot", f"{folder}/accuracy.csv", "-o", f"{folder}/accuracy.md")
    with open(f"{folder}/accuracy.md") as file:
        assert f"| pixels (nearest) | {labels['pixels (nearest)'].mean():.3f} ±" in file.read()


def validation_is_drawn(kshot, folder):
    """The metric on validation tasks is a line through the iterations that have it; of several runs their mean."""
    runs, draw = [f"{folder}/validated-{seed}" for seed in (1, 2)], np.random.default_rng(13).random
    tables = [draw((40, 3)) for _ in runs]
    for run, table in zip(runs, tables):
        os.mkdir(run)
        with open(f"{run}/config.yaml", "w") as file:
            file.write("problem: images\n")
        with open(f"{run}/progress.csv", "w") as file:
            file.write("iteration,accuracy_0,accuracy_1,outer_loss,sampling_s,update_s,validation_accuracy\n")
            for i, (before, after, validation) in enumerate(table):
                file.write(f"{i},{before:.9g},{after:.9g},1,0.1,0.1,{f'{validation:.9g}' if i % 10 == 9 else ''}\n")
    kshot.done("plot", *runs, "-o", f"{folder}/validation.svg")
    figure = Figure(f"{folder}/validation.svg")
    line = figure.line("maml, validation")
    check_close(figure, line[:, 0], [9, 19, 29, 39], "iterations that were validated")
    check_close(figure, line[:, 1], np.mean(tables, axis=0)[9::10, 2], "mean of two runs")
    assert figure.dashed("maml, validation") and len(figure.bands()) == 3
    with open(f"{runs[0]}/progress.csv") as file:
        text = file.read()
    with open(f"{runs[0]}/progress.csv", "w") as file:
        file.write(text[:text.rindex(",")] + ",good\n")
    kshot.refused(BAD, ["progress.csv:41", "good"], "plot", *runs, "-o", f"{folder}/never.svg")


def learning_curves(kshot, folder):
    runs = [f"{folder}/seed-{seed}" for seed in (1, 2)]
    for seed, run in enumerate(runs, 1):
        kshot.done("train", f"{CONFIGS}/point.yaml", *SMALL, *settings(iterations=5, seed=seed, validate_every=2, validation_tasks=2), "-o", run)
    tables = [rows(f"{run}/progress.csv") for run in runs]

    def column(name):
        return np.array([[float(row[name]) for row in table] for table in tables])

    for axis, x in (("iterations", np.arange(5)), ("env-steps", column("env_steps").mean(0) / 1e3)):
        kshot.done("plot", *runs, "--x", axis, "-o", f"{folder}/{axis}.svg")
        figure = Figure(f"{folder}/{axis}.svg")
        before, after = figure.line("maml, before"), figure.line("maml, after 1 step")
        assert figure.dashed("maml, before") and not figure.dashed("maml, after 1 step")
        bands = figure.bands()
        for drawn, (_, low, high), name in zip((after, before), bands, ("return_1", "return_0")):
            check_close(figure, drawn[:, 0], x, axis)
            check_close(figure, drawn[:, 1], column(name).mean(0), f"{name}: mean of two seeds")
            check_close(figure, low, column(name).min(0), f"{name}: lowest of two seeds")
            check_close(figure, high, column(name).max(0), f"{name}: highest of two seeds")
        assert len(bands) == 3 and "range of 2 runs" in figure.texts
        validated = [i for i, row in enumerate(tables[0]) if row["validation_return"]]
        line = figure.line("maml, validation")
        assert len(validated) == 2
        check_close(figure, line[:, 0], x[validated], f"{axis}: what was validated")
    kshot.done("plot", *runs, "--label", "one", "--label", "other", "-o", f"{folder}/apart.svg")
    figure = Figure(f"{folder}/apart.svg")
    assert not figure.bands()
    check_close(figure, figure.line("other, before")[:, 1], column("return_0")[1], "a curve of its own")
    return runs


def linear_point_policy(kshot, folder):
    """A policy file whose mean action is the same everywhere."""
    run = f"{folder}/linear"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, horizon=12, policy__hidden="[]"), "-o", run)
    with safe_open(f"{run}/policy.safetensors", "numpy") as file:
        meta = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    tensors["mlp.0.weight"][:] = 0
    tensors["mlp.0.bias"][:] = (0.3, -0.2)
    tensors["log_std"][:] = np.log(0.5)
    save_file(tensors, f"{folder}/linear.safetensors", metadata=meta)
    return f"{folder}/linear.safetensors"


def paths_are_those_of_rollout(kshot, folder):
    policy = linear_point_policy(kshot, folder)
    task = ("--task", "0.3,0.4", "--lr", "0.001")
    kshot.done("plot", "--trajectories", policy, *task, "--rollouts", 3, "-o", f"{folder}/paths.svg", "--title", "")
    figure = Figure(f"{folder}/paths.svg")
    before, after = [figure.strokes(g) for title, g in figure.plots() if title.startswith("gnuplot_plot_")][:2]
    for stage, drawn in enumerate((before, after)):
        out = f"{folder}/paths{stage}.safetensors"
        kshot.done("rollout", policy, *task, "--steps", stage, "-o", out)
        with safe_open(out, "numpy") as file:
            obs, act, start = file.get_tensor("obs"), file.get_tensor("act"), file.get_tensor("traj_start")
        assert len(drawn) == 3
        for i, path in enumerate(drawn):
            seen = obs[start[i] : start[i + 1]]
            last = seen[-1] + 0.1 * np.clip(act[start[i + 1] - 1], -1, 1)
            check_close(figure, path, np.vstack([seen, last]), f"path {i} after {stage} steps")
    for text in ("random", "before adaptation", "1 gradient step", "goal"):
        assert text in figure.texts, f"'{text}' is not in {figure.texts}"
    assert "2 gradient steps" not in figure.texts
    one = f"{folder}/one.svg"
    kshot.done("plot", "--trajectories", policy, "--task", "0.3,0.4", "--lr", "0", "--steps", 2, "-o", one)
    figure = Figure(one)
    for title, group in [plot for plot in figure.plots() if plot[0].startswith("gnuplot_plot_")][:3]:
        (path,) = figure.strokes(group)  # the same in all three, since nothing is learned: straight on by the mean actions
        check_close(figure, path, 0.1 * np.outer(np.arange(13), (0.3, -0.2)), f"the path of the mean actions: {title}")
    two = f"{folder}/two.svg"
    kshot.done("plot", "--trajectories", policy, policy, "--label", "here", "--label", ODD_LABEL, *task, "--steps", 2, "-j", 1, "-o", two)
    texts = Figure(two).texts
    assert all(text in texts for text in ("here", ODD_LABEL, "2 gradient steps")), texts
    return policy


def texts_stand_as_typed(kshot, folder):
    """A label from a file, one from the line, and a title: none of it means anything to what draws it."""
    one = write_eval(f"{folder}/odd.csv", {ODD_LABEL: some_returns()["MAML"]})
    two = write_eval(f"{folder}/plain.csv", {"plain": some_returns()["pretrained"]})
    label, title = """'); system "x" #\\""", "a_b^{c} @d $e"
    kshot.done("plot", one, two, "--label", ODD_LABEL, "--label", label, "--title", title, "-o", f"{folder}/odd.svg")
    texts = Figure(f"{folder}/odd.svg").texts
    assert all(text in texts for text in (ODD_LABEL, label, title)), texts


def ten_labels_fit(kshot, folder):
    """As many as a suite has methods for a domain, each of a colour and mark of its own."""
    labels = {f"method {i}": np.array([[i, 2 * i]]) for i in range(11)}
    kshot.refused(BAD, ["method 10", "at most 10"], "plot", write_eval(f"{folder}/eleven.csv", labels), "-o", f"{folder}/never.svg")
    del labels["method 10"]
    kshot.done("plot", write_eval(f"{folder}/ten.csv", labels), "-o", f"{folder}/ten.svg")
    figure = Figure(f"{folder}/ten.svg")
    for i, label in enumerate(labels):
        check_close(figure, figure.line(label)[:, 1], [i, 2 * i], label)
    colours = {path.get("stroke") for label in labels for path in figure.plot(label).iter(f"{SVG}path")}
    assert len(colours) == 10, colours


def letters_without_a_font(kshot, folder, path):
    """What gnuplot would draw itself is refused; the letters of an SVG are its reader's."""
    fonts = dict(os.environ, FONTCONFIG_FILE=f"{folder}/fonts.conf")
    with open(fonts["FONTCONFIG_FILE"], "w") as file:
        file.write('<?xml version="1.0"?><fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir></fontconfig>\n')
    few = ("plot", path, "--title", "é → 漢", "-o")
    if shutil.which("fc-list"):
        for kind in ("png", "pdf"):
            kshot.refused(FAILED, [f"letters.{kind}", "漢", "U+6F22"], *few, f"{folder}/letters.{kind}", env=fonts)
    kshot.done(*few, f"{folder}/letters.svg", env=fonts)
    assert "é → 漢" in Figure(f"{folder}/letters.svg").texts
    kshot.done("plot", path, "--title", "é → π", "-o", f"{folder}/letters.png", env=fonts)


def png_size(path):
    """Width and height of a PNG file that is whole."""
    data, at, pixels = content(path), 8, b""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + chunk) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", chunk[:10])
        pixels += chunk if kind == b"IDAT" else b""
        at += 12 + length
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    assert kind == b"IEND" and len(zlib.decompress(pixels)) == height * (1 + (width * channels * depth + 7) // 8)
    return width, height


def kinds_of_files(kshot, folder, path):
    for kind in ("png", "pdf"):
        kshot.done("plot", path, "-o", f"{folder}/kind.{kind}")
    width, height = png_size(f"{folder}/kind.png")
    assert width == round(8.6 * 118.1) and 0.6 < height / width < 1.2, (width, height)  # one column of a paper
    pdf = content(f"{folder}/kind.pdf")
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    start = int(re.search(rb"startxref\s+(\d+)\s+%%EOF", pdf).group(1))
    assert pdf[start : start + 4] == b"xref", "the table of a PDF is where it says"
    objects = pdf + b"".join(zlib.decompressobj().decompress(part) for part in re.findall(rb"stream\r?\n(x.*?)endstream", pdf, re.S))
    width = float(re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+)", objects).group(1))
    assert abs(width - 8.6 / 2.54 * 72) < 1.5, width
    assert b"DejaVuSans" in objects, "its letters are in the file"
    assert pdf != content(f"{folder}/kind.png")


# ---- what cannot be drawn -------------------------------------------------------------------------------------------------------


def bad_files(kshot, folder, path):
    good = content(path).decode().splitlines()
    out = f"{folder}/never.svg"

    def spoilt(mentions, lines, *more):
        with open(f"{folder}/bad.csv", "w") as file:
            file.write("".join(line + "\n" for line in lines))
        kshot.refused(BAD, ["bad.csv", *mentions], "plot", f"{folder}/bad.csv", *more, "-o", out)
        assert not os.path.exists(out)

    def with_field(line, column, value):
        fields = good[line - 1].split(",")
        fields[COLUMNS.split(",").index(column)] = value
        return good[: line - 1] + [",".join(fields)] + good[line:]

    spoilt([":1"], [])
    spoilt([], good[:1])
    spoilt([":1", "mean_return"], [good[0].replace("mean_return", "return")] + good[1:])
    spoilt([":3", "7", "8"], good[:2] + [good[2].rsplit(",", 1)[0]] + good[3:])
    spoilt([":4", "mean_return", "many"], with_field(4, "mean_return", "many"))
    spoilt([":4", "mean_return", "nan"], with_field(4, "mean_return", "nan"))
    spoilt([":5", "gradient_step", "-1"], with_field(5, "gradient_step", "-1"))
    spoilt([":5", "goal"], with_field(5, "goal", "left"))
    spoilt([":6", "ant-vel", "half-cheetah-dir"], with_field(6, "env", "ant-vel"))
    spoilt([":6", "5"], good[:5] + [good[4]] + good[5:])  # a task's row twice
    spoilt([":2", "zero byte"], [good[0], "\0"])
    spoilt(["--label", "MAML", "pretrained"], good, "--label", "one")
    kshot.refused(BAD, ["none.csv"], "plot", f"{folder}/none.csv", "-o", out)
    run = f"{folder}/untrained"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0), "-o", run)
    kshot.refused(BAD, ["untrained/progress.csv"], "plot", run, "-o", out)
    assert not os.path.exists(out)


def nothing_counts_double_or_half(kshot, folder, path):
    """One file under two names, a column that stands twice, tasks that are missing at some steps since the file was cut."""
    out = f"{folder}/half.svg"
    os.symlink(path, f"{folder}/again.csv")
    for twice in ([path, path], [path, f"{folder}/again.csv"], [path, path, "--label", "one"]):
        kshot.refused(BAD, ["given twice"], "plot", *twice, "-o", out)
    whole = write_eval(f"{folder}/whole.csv", {"a": np.arange(12).reshape(3, 4), "b": np.arange(4).reshape(2, 2)})
    kshot.done("plot", whole, "-o", out, "--force")
    with open(whole) as file:
        lines = file.readlines()
    for lacking, mentions in ((lines[:12] + lines[13:], ["task 2", "step 3"]), (lines[:1] + lines[2:], ["task 0", "step 0"]),
                              (lines[:-1], ["'b'", "task 1", "step 1"])):
        with open(f"{folder}/lacking.csv", "w") as file:
            file.writelines(lacking)
        kshot.refused(BAD, ["lacking.csv", *mentions], "plot", f"{folder}/lacking.csv", "-o", out, "--force")
    with open(f"{folder}/columns.csv", "w") as file:
        file.writelines(["mean_return," + lines[0]] + ["1," + line for line in lines[1:]])
    kshot.refused(BAD, ["columns.csv:1", "mean_return", "twice"], "plot", f"{folder}/columns.csv", "-o", out, "--force")


def bad_lines(kshot, folder, path, runs, policy):
    out = f"{folder}/never.svg"

    def refused(code, mentions, *words, **options):
        kshot.refused(code, mentions, "plot", *words, **options)
        assert not os.path.exists(out)
        assert not [name for name in os.listdir(folder) if name.endswith(".tmp")], "nothing half-written is left"

    refused(BAD, ["-o"], path)
    refused(BAD, ["FILE.csv"], "-o", out)
    refused(BAD, ["-o -"], path, "-o", "-")
    for name in ("figure", "figure.jpg", ".svg", "svg", ".md"):
        refused(BAD, [name, ".svg", ".png", ".pdf"], path, "-o", f"{folder}/{name}")
    refused(BAD, ["--paper", "swimmer", "ant-vel"], path, "--paper", "swimmer", "-o", out)
    refused(BAD, ["table.md", "CSVs"], *runs, "-o", f"{folder}/a-table.md")
    refused(BAD, ["--x", "days"], *runs, "--x", "days", "-o", out)
    refused(BAD, ["--x"], path, "--x", "iterations", "-o", out)
    refused(BAD, ["--paper"], *runs, "--paper", "point", "-o", out)
    refused(BAD, ["--steps", "--trajectories"], path, "--steps", 1, "-o", out)
    refused(BAD, ["directories", "files"], path, runs[0], "-o", out)
    refused(BAD, ["--label"], path, path, path, "--label", "a", "--label", "b", "-o", out)
    refused(BAD, ["--label", "UTF-8"], path, "--label", b"\xff".decode(errors="surrogateescape"), "-o", out)
    refused(BAD, ["--title", "control"], path, "--title", "two\nlines", "-o", out)
    refused(BAD, ["--task", "3"], "--trajectories", policy, "--task", "1,2,3", "-o", out)
    refused(BAD, ["3"], "--trajectories", *[policy] * 4, "-o", out)
    with open(f"{folder}/mine.svg", "w") as file:
        file.write("mine")
    refused(BAD, ["mine.svg", "--force"], path, "-o", f"{folder}/mine.svg")
    assert content(f"{folder}/mine.svg") == b"mine"
    refused(FAILED, ["mine.svg", "gnuplot", "not installed"], path, "-o", f"{folder}/mine.svg", "--force",
            env=dict(os.environ, PATH="/none"))
    assert content(f"{folder}/mine.svg") == b"mine", "what was there stays until there is something better"
    kshot.done("plot", path, "-o", f"{folder}/mine.svg", "--force")
    Figure(f"{folder}/mine.svg")
    refused(FAILED, ["mine.svg"], path, "-o", f"{folder}/mine.svg/a.svg")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        path = returns_are_those_of_the_file(kshot, folder)
        files_of_one_label_are_one_line(kshot, folder)
        the_papers_numbers_are_there(kshot, folder, path)
        tables_have_the_numbers(kshot, folder, path)
        what_diverges_is_told_by_medians(kshot, folder, errors_are_those_of_the_file(kshot, folder))
        accuracies_are_those_of_the_file(kshot, folder)
        validation_is_drawn(kshot, folder)
        runs = learning_curves(kshot, folder)
        kshot.refused(BAD, ["return_0", "mse_0"], "plot", long_runs_are_averaged(kshot, folder)[0], runs[0], "-o", f"{folder}/never.svg")
        many_iterations_are_smoothed(kshot, folder)
        marks_are_round(kshot, folder)
        an_environments_name_is_the_title(kshot, folder)
        policy = paths_are_those_of_rollout(kshot, folder)
        texts_stand_as_typed(kshot, folder)
        ten_labels_fit(kshot, folder)
        letters_without_a_font(kshot, folder, path)
        kinds_of_files(kshot, folder, path)
        bad_files(kshot, folder, path)
        bad_lines(kshot, folder, path, runs, policy)
        nothing_counts_double_or_half(kshot, folder, path)


main()
