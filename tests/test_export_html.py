#!/usr/bin/env python3
"""test_export_html.py KSHOT: a page says what was computed, and shows it. Its numbers are those of `kshot rollout` and of MuJoCo's
kinematics; curves are those of a model in NumPy; nothing of it comes from a network, and no name breaks out of its place. Where there is
a Chromium, the page is also opened: it draws, scrubs, changes tasks, takes keys and touches, and logs no error."""

import base64
import html.parser
import io
import json
import os
import re
import sys
import tempfile
import time

import numpy as np
from PIL import Image
from safetensors import safe_open

import browser
from image_patterns import Patterns, linear_model
from kshot_cli import CONFIGS, Kshot, settings

ROOT = os.path.dirname(CONFIGS)
sys.path.insert(0, f"{ROOT}/.deps/python")
import mujoco  # noqa: E402

BAD = 2
STEPS, TRAJECTORIES, SIDE = 2, 6, 12
ORANGE = np.array([0.95, 0.61, 0.18])  # after one gradient step
EVIL = "</script><script>document.title='taken'</script> \"quoted\" & <b>bold</b> <!--"

ROBOT = """<mujoco model="cart">
  <asset>
    <texture name="paint" type="cube" builtin="flat" rgb1="1 0.5 0" rgb2="1 0.5 0" width="8" height="8"/>
    <material name="paint" texture="paint" rgba="1 1 0.5 1"/>
    <mesh name="hull" vertex="0 0 0  0.4 0 0  0 0.4 0  0 0 0.4"/>
    <hfield name="hills" nrow="3" ncol="4" size="4 3 0.5 0.1" elevation="0 0 0 0  0 1 0.5 0  0 0 0 0"/>
  </asset>
  <worldbody>
    <geom name="hills" type="hfield" hfield="hills" pos="0 5 0"/>
    <geom name="wall" type="box" size="0.1 1 0.3" pos="3 0 0.3" rgba="0.2 0.4 0.6 1"/>
    <geom name="hidden" type="box" size="1 1 1" group="3"/>
    <body name="hull" pos="0 0 0.2">
      <joint name="x" type="slide" axis="1 0 0"/><joint name="y" type="slide" axis="0 1 0"/>
      <geom type="mesh" mesh="hull" material="paint" contype="0" conaffinity="0"/>
      <site name="eye" type="ellipsoid" size="0.05 0.02 0.02" pos="0.2 0 0.1"/>
    </body>
  </worldbody>
  <actuator><motor joint="x" ctrlrange="-1 1"/><motor joint="y" ctrlrange="-1 1"/></actuator>
</mujoco>
"""
CART = """summary: '%s'
model: cart.xml
frame_skip: 5
horizon: 20
observations: [joint_pos, joint_vel]
rewards:
  - expr: "-abs(joint_vel(x)[0] - velocity)"
task:
  velocity: {uniform: [0, 2], unit: m/s}
look: {goal: velocity}
""" % EVIL.replace("'", "''")


# ---- reading a page ---------------------------------------------------------------------------------------------------------

class Reader(html.parser.HTMLParser):
    """What a page is made of: its document, its title, and all that its tags refer to."""

    def __init__(self, path):
        super().__init__()
        self.references, self.policy, self.tags = [], None, [("", None)]
        self.texts = {}
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.feed(self.text)
        self.document = json.loads(self.texts["script", "data"])

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes.get("id")))
        self.references += [attributes[name] for name in ("src", "href", "action", "data") if name in attributes]
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_data(self, data):
        self.texts[self.tags[-1]] = self.texts.get(self.tags[-1], "") + data


def numbers(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def points(part, name):
    low, high = np.array(part["low"]), np.array(part["high"])
    return low + numbers(part[name], "<u2").reshape(-1, 3) / 65535 * (high - low)


def check_page(path, largest):
    """It is one file that needs no other, in order as HTML."""
    page = Reader(path)
    assert os.path.getsize(path) < largest, f"{path}: {os.path.getsize(path)} bytes"
    assert page.references == ["data:,"], f"the page refers to {page.references}"
    addresses = set(re.findall(r"\w+://[^\s'\"`]*", page.text))
    assert addresses == {"http://www.w3.org/2000/svg"}, f"addresses in the page: {addresses}"  # the name of SVG, which is no place
    assert page.policy.startswith("default-src 'none';") and "http" not in page.policy
    count = page.tags.count(("script", None)), page.tags.count(("script", "data"))
    assert count == (1, 1), f"scripts: {page.tags}"
    return page


# ---- policies ---------------------------------------------------------------------------------------------------------------

def rollout(kshot, folder, policy, task, steps):
    out = f"{folder}/rollout.safetensors"
    kshot.done("rollout", policy, "--task", task, "--steps", steps, "--trajectories", TRAJECTORIES, "-o", out, "--force")
    with safe_open(out, "numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def check_act(act, rows, world, model):
    starts, rewards = rows["traj_start"], rows["rew"]
    returns = [rewards[a:b].astype(float).sum() for a, b in zip(starts, starts[1:])]
    assert np.allclose(act["returns"], returns, rtol=1e-12), f"returns {act['returns']}, of the rollout {returns}"
    assert np.isclose(act["mean"], np.mean(returns), rtol=1e-6)
    shown = sorted(range(len(returns)), key=lambda i: returns[i])[(len(returns) - 1) // 2]
    assert act["shown"] == shown, f"shown is trajectory {act['shown']}, the median is {shown}"
    rows_of = slice(starts[shown], starts[shown + 1])
    assert np.array_equal(numbers(act["rewards"], "<f4"), rewards[rows_of]), "rewards"
    states = np.concatenate([rows["qpos"][rows_of], rows["qpos_last"][shown : shown + 1]])
    assert act["length"] + 1 == len(states) and act["stride"] == 1
    places = points(act, "places").reshape(len(states), world["bodies"], 3)
    turns = (numbers(act["turns"], "<i2") / 32767).reshape(len(states), world["bodies"], 4)
    data = mujoco.MjData(model)
    finest = (np.array(act["high"]) - np.array(act["low"])) / 65535 + 1e-9
    for i in range(0, len(states), 3):
        data.qpos[:] = states[i]
        mujoco.mj_kinematics(model, data)
        assert (np.abs(places[i] - data.xpos[1:]) <= finest).all(), f"places of state {i}"
        assert (np.abs(np.abs((turns[i] * data.xquat[1:]).sum(1)) - 1) < 1e-4).all(), f"turns of state {i}"
    assert ((turns[1:] * turns[:-1]).sum(2) > 0).all(), "a turn goes the long way round"


def a_policy_is_as_it_was_sampled(kshot, folder):
    kshot.done("train", f"{CONFIGS}/half-cheetah-dir.yaml",
               *settings(iterations=0, horizon=40, policy__hidden="[8]", policy__log_std_init=0.5), "-o", f"{folder}/run")
    said = kshot.done("export", f"{folder}/run", "--html", "-o", f"{folder}/dir.html", "--task", "-1", "--task", "1", "--steps",
                      STEPS, "--trajectories", TRAJECTORIES)
    page = check_page(f"{folder}/dir.html", 500_000).document
    assert page["kind"] == "policies" and page["title"] == "half-cheetah-dir" and page["trajectories"] == TRAJECTORIES
    assert [task["numbers"] for task in page["tasks"]] == [[-1], [1]]
    assert [task["text"] for task in page["tasks"]] == ["go backward", "go forward"]
    assert len(page["world"]["geoms"]) == 8 and page["world"]["bodies"] == 7 and page["world"]["plain"]
    model = mujoco.MjModel.from_xml_path(f"{ROOT}/envs/models/half_cheetah.xml")
    for task in page["tasks"]:
        assert len(task["acts"]) == STEPS + 1
        means = " ".join(f"{act['mean']:.2f}" for act in task["acts"])
        assert f"{task['text']}: mean return after 0 … {STEPS} gradient steps: {means}\n" in said, said
        for step, act in enumerate(task["acts"]):
            check_act(act, rollout(kshot, folder, f"{folder}/run", task["numbers"][0], step), page["world"], model)
    by_default = kshot.done("export", f"{folder}/run", "--html", "-o", f"{folder}/two.html", "--steps", 0, "--trajectories", 2)
    assert by_default.count("mean return") == 2, "there are two kinds of tasks, and each is shown once"


def bodies_are_as_they_were_made(kshot, folder):
    with open(f"{folder}/cart.xml", "w") as file:
        file.write(ROBOT)
    with open(f"{folder}/cart.yaml", "w") as file:
        file.write(CART)
    kshot.done("train", f"{CONFIGS}/half-cheetah-vel.yaml", "-s", f"env={folder}/cart.yaml",
               *settings(iterations=0, policy__hidden="[4]", policy__scale_inputs="false"), "-o", f"{folder}/cart")
    kshot.done("export", f"{folder}/cart", "--html", "-o", f"{folder}/cart.html", "--tasks", 1, "--steps", 1, "--trajectories", 3)
    page = check_page(f"{folder}/cart.html", 500_000).document
    world = page["world"]
    assert page["summary"] == EVIL, page["summary"]
    model = mujoco.MjModel.from_xml_path(f"{folder}/cart.xml")
    kinds = sorted(geom["type"] for geom in world["geoms"])
    assert kinds == ["box", "ellipsoid", "mesh", "mesh"] and not world["plain"] and not world["floor"]["drawn"], kinds
    hills, hull = [geom for geom in world["geoms"] if geom["type"] == "mesh"]
    assert np.allclose(hull["color"], [1, 0.5, 0, 1], atol=0.01), "a texture becomes its mean colour, times the material's"
    assert hull["body"] == 0 and hills["body"] == -1 and np.allclose(hills["pos"], [0, 5, 0])
    mesh = world["meshes"][hull["mesh"]]
    assert np.allclose(points(mesh, "points"), model.mesh_vert, atol=1e-5)
    assert np.array_equal(numbers(mesh["triangles"], "<i4").reshape(-1, 3), model.mesh_face)
    heights = points(world["meshes"][hills["mesh"]], "points")
    assert len(heights) == 12 and np.isclose(heights[5, 2], 0.5, atol=1e-4) and np.isclose(heights[6, 2], 0.25, atol=1e-4)


# ---- curves and images ------------------------------------------------------------------------------------------------------

def parameters(page):
    """Weights and biases of the dense layers, layer by layer, from a vector."""
    sizes = [(layer["in"], layer["out"]) for layer in page["layers"] if layer["type"] == "dense"]

    def cut(theta):
        out, at = [], 0
        for inputs, outputs in sizes:
            weights = theta[at : at + inputs * outputs].reshape(outputs, inputs)
            out.append((weights, theta[at + inputs * outputs : at + (inputs + 1) * outputs]))
            at += (inputs + 1) * outputs
        return out

    return cut


def predictions(page, examples):
    """What the model makes of examples after 0 … K steps (K+1 x points), in double."""
    cut, theta = parameters(page), numbers(page["theta"], "<f4").astype(float)
    grid = np.linspace(*page["range"], page["points"])[:, None]
    x, y = examples[:, :1], examples[:, 1:]
    out, alpha = [], None

    def forward(theta, x):
        values = [x]
        for i, (weights, bias) in enumerate(cut(theta)):
            z = values[-1] @ weights.T + bias
            values.append(np.maximum(z, 0) if i + 1 < len(cut(theta)) else z)
        return values

    for step in range(page["steps"] + 1):
        out.append(forward(theta, grid)[-1][:, 0])
        if step == page["steps"]:
            return np.array(out)
        alpha = alpha if page["alpha"][step] is None else numbers(page["alpha"][step], "<f4").astype(float)
        values, parts = forward(theta, x), []
        delta = 2 * (values[-1] - y) / len(x)
        for i in reversed(range(len(values) - 1)):
            parts.insert(0, np.concatenate([(delta.T @ values[i]).ravel(), delta.sum(0)]))
            delta = (delta @ cut(theta)[i][0]) * (values[i] > 0)
        theta = theta - alpha * np.concatenate(parts)


def curves_are_those_of_the_model(kshot, folder):
    for name in ["sinusoid", "sinusoid-learned"]:
        out = f"{folder}/{name}.html"
        kshot.done("export", f"{ROOT}/zoo/{name}", "--html", "-o", out, "--tasks", 2, "--steps", 4, "-s", "sinusoid.shots=5")
        page = check_page(out, 500_000).document
        assert page["kind"] == "curves" and len(page["tasks"]) == 2
        for task in page["tasks"]:
            examples = np.array(task["examples"])
            assert np.allclose(examples[:, 1], task["amplitude"] * np.sin(examples[:, 0] - task["phase"]), atol=1e-5)
            written = np.array([numbers(text, "<f4") for text in task["predictions"]])
            mine = predictions(page, examples)
            assert np.abs(written - mine).max() < 1e-3, f"{name}: {np.abs(written - mine).max()} from NumPy's"
    kshot.done("export", f"{ROOT}/zoo/sinusoid", "--html", "-o", f"{folder}/given.html", "--task", "3,1", "--task", "0.5,2")
    page = Reader(f"{folder}/given.html").document
    assert [(task["amplitude"], task["phase"]) for task in page["tasks"]] == [(3, 1), (0.5, 2)]


def images_are_those_of_the_task(kshot, folder):
    patterns = Patterns(f"{folder}/set", SIDE, colour=True)
    linear_model(kshot, patterns, f"{folder}/linear")
    said = kshot.done("export", f"{folder}/linear", "--html", "-o", f"{folder}/images.html", "--task", 3, "--steps", 2, "-s",
                      "images.queries=2")
    page = check_page(f"{folder}/images.html", 500_000).document
    assert page["kind"] == "images" and (page["ways"], page["shots"], page["side"], page["channels"]) == (4, 1, SIDE, 3)
    task = page["tasks"][0]
    hits = np.zeros(3)
    for way, one in enumerate(task["classes"]):
        for text in one["support"] + [query["image"][0] for query in one["queries"]]:
            image = numbers(text, "u1").reshape(SIDE, SIDE, 3)
            near = min(np.abs(image - patterns.images[one["name"], i]).max() for i in range(6))
            assert near <= 1, f"an image of {one['name']} is none of that class"
        for query in one["queries"]:
            after = np.array([numbers(text, "<f4") for text in query["probabilities"]])
            assert after.shape == (3, 4) and np.allclose(after.sum(1), 1, atol=1e-5)
            hits += after.argmax(1) == way
    assert np.allclose(task["accuracy"], hits / 8, atol=1e-6)
    assert "test task 3: accuracy after 0 … 2 gradient steps: " + " ".join(f"{a:.4g}" for a in task["accuracy"]) in said


def what_cannot_be_is_said(kshot, folder):
    run, out = f"{folder}/run", f"{folder}/x.html"
    kshot.refused(BAD, ["--html"], "export", run, "-o", out)
    kshot.refused(BAD, ["ends in .html"], "export", run, "--html", "-o", f"{folder}/x.htm")
    kshot.refused(BAD, ["--task and --tasks"], "export", run, "--html", "-o", out, "--task", 1, "--tasks", 2)
    kshot.refused(BAD, ["0 to 9"], "export", run, "--html", "-o", out, "--steps", 10)
    kshot.refused(BAD, ["at most 12"], "export", run, "--html", "-o", out, *["--task", 1] * 13)
    kshot.refused(BAD, ["--task"], "export", run, "--html", "-o", out, "--task", 0.3)
    kshot.refused(BAD, ["--trajectories", "sinusoid"], "export", f"{ROOT}/zoo/sinusoid", "--html", "-o", out, "--trajectories", 3)
    kshot.refused(BAD, ["dir.html"], "export", run, "--html", "-o", f"{folder}/dir.html")
    assert not os.path.exists(out)


# ---- in a browser -----------------------------------------------------------------------------------------------------------

def scrub(b, share):
    b.evaluate(f"""(() => {{ const bar = document.querySelector('.scrub'); bar.value = {share} * bar.max;
                            bar.dispatchEvent(new Event('input')); }})()""")
    b.settle()


def texts(b, selector):
    return b.evaluate(f"[...document.querySelectorAll('{selector}')].map((e) => e.textContent)")


def middle_of(b, selector, index=0):
    return b.evaluate(f"""(() => {{ const r = document.querySelectorAll('{selector}')[{index}].getBoundingClientRect();
                                   return [r.left + r.width / 2, r.top + r.height / 2]; }})()""")


def picture(b, selector, index):
    """The pixels of an element, from 0 to 1."""
    left, top, width, height = b.evaluate(f"""(() => {{ const r = document.querySelectorAll('{selector}')[{index}]
        .getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; }})()""")
    whole = np.asarray(Image.open(io.BytesIO(b.screenshot())).convert("RGB"), float) / 255
    return whole[round(top) : round(top + height), round(left) : round(left + width)]


def coloured(pixels, colour):
    lit = pixels.sum(-1, keepdims=True) / colour.sum()
    return (np.abs(pixels - lit * colour).max(-1) < 0.09 * lit[..., 0]) & (lit[..., 0] > 0.25)


def quiet(b):
    assert not b.errors, f"the page has said: {b.errors}"
    outside = [url for url in b.requests if not url.startswith(("file:", "data:"))]
    assert not outside, f"the page has asked for {outside}"


def panes_are_drawn(b, folder):
    page = Reader(f"{folder}/dir.html").document
    for width, height, dark in [(720, 640, False), (390, 844, True)]:
        b.open(f"{folder}/dir.html", width, height, dark, phone=width < 500)
        assert b.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
        assert len(texts(b, ".pane")) == STEPS + 1
        pixels = picture(b, ".view", 1)
        assert coloured(pixels, ORANGE).sum() > 0.004 * pixels.shape[0] * pixels.shape[1], "no orange body"
        assert coloured(picture(b, ".view", 0), ORANGE).sum() == 0, "the body before adapting is orange, too"
        ground = pixels[-20:].mean()
        assert ground < 0.4 if dark else ground > 0.5, f"the ground is {ground}"
        quiet(b)
    b.open(f"{folder}/dir.html", 640, 600)
    before = picture(b, ".view", 1)
    scrub(b, 1)
    assert np.abs(picture(b, ".view", 1) - before).max() > 0.2, "scrubbing moves nothing"
    shown = [act["returns"][act["shown"]] for act in page["tasks"][0]["acts"]]

    def returns():
        return [float(text.replace("−", "-")) for text in texts(b, ".pane .return")]

    assert np.allclose(returns(), shown, atol=0.051 + 0.5 * (np.abs(shown) >= 100).max()), (returns(), shown)
    before = picture(b, ".view", 1)
    x, y = middle_of(b, ".view", 1)
    b.drag(x, y, x + 90, y)
    assert np.abs(picture(b, ".view", 1) - before).max() > 0.2, "dragging turns nothing"
    tasks_and_keys(b, returns, [act["returns"][act["shown"]] for act in page["tasks"][1]["acts"]])


def tasks_and_keys(b, returns, shown):
    """On the page of two tasks."""
    def chosen():
        return b.evaluate("[...document.querySelectorAll('.chooser button')].findIndex((e) => e.ariaSelected === 'true')")

    assert texts(b, ".chooser button") == ["Go backward", "Go forward"] and chosen() == 0
    b.click(*middle_of(b, ".chooser button", 1))
    assert chosen() == 1
    b.key("End")
    assert np.allclose(returns(), shown, atol=0.051 + 0.5 * (np.abs(shown) >= 100).max()), (returns(), shown)
    b.key("ArrowUp")
    assert chosen() == 0
    clock = texts(b, ".clock")
    assert clock[0].startswith("0.00 /"), clock
    b.key("ArrowRight")
    assert texts(b, ".clock")[0].startswith("0.01 /")
    b.key(" ")
    time.sleep(0.5)
    b.settle()
    b.key(" ")
    assert float(texts(b, ".clock")[0].split()[0]) > 0.02, "it does not play"
    quiet(b)


def names_stay_in_their_places(b, folder):
    b.open(f"{folder}/cart.html", 500, 600)
    assert b.evaluate("document.title").startswith("cart: "), b.evaluate("document.title")
    assert EVIL in texts(b, "header p")[0] and not texts(b, "header b")
    view = picture(b, ".view", 0)
    assert len(np.unique((view * 255).astype(int).reshape(-1, 3), axis=0)) > 200, "there is nothing on the picture"
    assert coloured(view, np.array([1, 0.5, 0.02])).sum() > 30, "the hull is not in its own colour"
    quiet(b)


def dragged_examples_are_learned_from(b, folder):
    for name in ["sinusoid", "sinusoid-learned"]:
        page = Reader(f"{folder}/{name}.html").document
        b.open(f"{folder}/{name}.html", 1200, 800)
        scrub(b, 1)
        x, y = middle_of(b, ".example", 2)
        b.drag(x, y, x - 60, y - 50)
        # pixels of the picture into numbers, by two examples that were not moved
        places = np.array(b.evaluate("[...document.querySelectorAll('.handle')].map((e) => e.getAttribute('transform')"
                                     ".match(/[-\\d.]+/g).map(Number))"))
        examples = np.array(page["tasks"][0]["examples"])
        fits = [np.polyfit(np.delete(places[:, k], 2), np.delete(examples[:, k], 2), 1) for k in (0, 1)]
        moved = np.stack([np.polyval(fits[k], places[:, k]) for k in (0, 1)], 1)
        assert np.abs(moved - examples).max() > 0.5 and np.abs(np.delete(moved - examples, 2, 0)).max() < 0.01
        drawn = b.evaluate("[...document.querySelectorAll('.plot path')].pop().getAttribute('d')")
        drawn = np.array(re.findall(r"[-\d.]+", drawn), float).reshape(-1, 2)
        want = predictions(page, moved)[-1]
        off = np.abs(np.polyval(fits[1], drawn[:, 1]) - want).max()
        assert len(drawn) == page["points"] and off < 0.02, f"{name}: the curve is {off} off"
        b.key("n")
        assert len(texts(b, ".chooser button")) == 3
        b.key("ArrowDown")
        assert texts(b, ".clock") == ["step 4 / 4"]
        quiet(b)


def images_are_judged(b, folder):
    page = Reader(f"{folder}/images.html").document
    b.open(f"{folder}/images.html", 390, 844, phone=True)
    queries = [query for one in page["tasks"][0]["classes"] for query in one["queries"]]
    for step in (0, 2):
        scrub(b, step / 2)
        want = ["ABCD"[numbers(query["probabilities"][step], "<f4").argmax()] for query in queries]
        assert texts(b, ".query b") == want, f"step {step}"
    first = b.evaluate("""(() => { const c = document.querySelector('.support canvas');
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 < 3); })()""")
    assert first == numbers(page["tasks"][0]["classes"][0]["support"][0], "u1").tolist()
    quiet(b)


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for check in [a_policy_is_as_it_was_sampled, bodies_are_as_they_were_made, curves_are_those_of_the_model,
                      images_are_those_of_the_task, what_cannot_be_is_said]:
            check(kshot, folder)
            print(f"{check.__name__}: yes", flush=True)
        if not browser.program():
            print("there is no Chromium here (scripts/setup.sh --browser): no page was opened")
            return
        with browser.Browser() as b:
            for check in [panes_are_drawn, names_stay_in_their_places, dragged_examples_are_learned_from, images_are_judged]:
                check(b, folder)
                print(f"{check.__name__}: yes", flush=True)


main()
