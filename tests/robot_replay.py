"""robot_replay.py: an environment's file carried out a second time, in Python with MuJoCo's own package, and held against what `kshot
rollout` wrote. Nothing of kshot's is used. docs/robots.md, "What a step does, exactly", says what is done here and why."""

import copy
import math
import os

import mujoco
import numpy as np
import yaml
from robot_terms import (ACTUATOR, BODY, GEOM, JOINT, REWARDS, TENDON, TERMINATIONS, as_list, evaluate, match, name_of, on_joint,
                         quantity)
from safetensors import safe_open

LISTS = ("joints", "bodies", "geoms", "sites", "actuators", "sensors", "tendons", "cameras")


class Difference(AssertionError):
    """A rollout is not what the file says."""


def require(ok, text):
    if not ok:
        raise Difference(text)


# ---- dynamics ---------------------------------------------------------------------------------------------------------------

def moving(m, b):
    return m.body_treeid[b] >= 0 and m.body_mass[b] > 0


def dofs(m, j):
    return slice(m.jnt_dofadr[j], m.jnt_dofadr[j] + (6, 3, 1, 1)[m.jnt_type[j]])


def change(array, at, mode, number):
    if mode == "factor":
        array[at] *= number
    elif mode == "value":
        array[at] = number
    else:
        array[at] += number


def change_mass(m, b, mode, number):
    old = m.body_mass[b]
    change(m.body_mass, b, mode, number)
    m.body_inertia[b] *= number if mode == "factor" else m.body_mass[b] / old


def change_polynomial(field):
    def apply(m, at, mode, number):
        change(getattr(m, field), at, mode, number)
        if mode == "factor":
            getattr(m, field + "poly")[at] *= number
    return apply


def limit_force(m, a, mode, number):
    if m.actuator_forcelimited[a]:
        m.actuator_forcerange[a] *= number
    alone = on_joint(m, a) and sum(on_joint(m, k) and m.actuator_trnid[k, 0] == m.actuator_trnid[a, 0] for k in range(m.nactuator)) == 1
    joint = m.actuator_trnid[a, 0]
    if alone and m.jnt_actfrclimited[joint]:
        m.jnt_actfrcrange[joint] *= number


def change_strength(m, a, mode, number):
    """Motors, position and velocity servos; others have rows of their own in the table, which are not tried here."""
    gain, bias = mujoco.mjtGain(m.actuator_gaintype[a]), mujoco.mjtBias(m.actuator_biastype[a])
    assert gain == mujoco.mjtGain.mjGAIN_FIXED and bias in (mujoco.mjtBias.mjBIAS_NONE, mujoco.mjtBias.mjBIAS_AFFINE)
    m.actuator_gainprm[a, 0] *= number
    m.actuator_biasprm[a, :3] *= number
    limit_force(m, a, mode, number)


def change_servo(which):
    def apply(m, a, mode, number):
        before = m.actuator_biasprm[a, which]
        if m.actuator_gainprm[a, 0] == -before and (which == 1 or m.actuator_biasprm[a, 1] == 0):
            change(m.actuator_gainprm, (a, 0), mode, number)
        change(m.actuator_biasprm, (a, which), mode, number if mode == "factor" else -number)
    return apply


def change_gravity(m, _, mode, number):
    change(m.opt.gravity, slice(None) if mode == "factor" else 2, mode, number)


def turn(m, i, j, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    g = m.opt.gravity.copy()
    m.opt.gravity[i], m.opt.gravity[j] = c * g[i] + s * g[j], c * g[j] - s * g[i]


def option(name):
    return lambda m, _, mode, x: setattr(m.opt, name, x * getattr(m.opt, name) if mode == "factor" else x)


class some:
    """Objects that have none of it are left alone by a factor, and where nobody named anything."""

    def __init__(self, field, place=lambda m, i: i):
        self.field, self.place = field, place

    def __call__(self, m, i):
        return np.any(getattr(m, self.field)[self.place(m, i)] != 0)


def inertia(axes):
    return (BODY, moving, lambda m, b, mode, x: change(m.body_inertia, (b, axes), mode, x))


def com(axis):
    return (BODY, lambda m, b: moving(m, b) and not m.body_simple[b], lambda m, b, mode, x: change(m.body_ipos, (b, axis), mode, x))


def friction(which):
    return (GEOM, lambda m, g: m.geom_contype[g] or m.geom_conaffinity[g], lambda m, g, mode, x: change(m.geom_friction, (g, which), mode, x))


def of_dofs(field, apply=None):
    plain = lambda m, j, mode, x: change(getattr(m, field), dofs(m, j), mode, x)
    poly = apply and (lambda m, j, mode, x: apply(m, dofs(m, j), mode, x))
    return (JOINT, some(field, dofs), poly or plain)


ANY = lambda m, i: True
# word: what it is of, which objects it makes sense for, and what is done. Changes are made in this order.
DYNAMICS = {
    "mass": (BODY, moving, change_mass),
    "mass_only": (BODY, moving, lambda m, b, mode, x: change(m.body_mass, b, mode, x)),
    "inertia": inertia(slice(None)), "inertia_x": inertia(0), "inertia_y": inertia(1), "inertia_z": inertia(2),
    "com_x": com(0), "com_y": com(1), "com_z": com(2),
    "payload": (BODY, moving, lambda m, b, mode, x: change(m.body_mass, b, mode, x)),
    "friction": friction(0), "friction_torsional": friction(1), "friction_rolling": friction(2),
    "damping": of_dofs("dof_damping", change_polynomial("dof_damping")),
    "armature": of_dofs("dof_armature"),
    "stiffness": (JOINT, some("jnt_stiffness"), change_polynomial("jnt_stiffness")),
    "frictionloss": of_dofs("dof_frictionloss"),
    "tendon_stiffness": (TENDON, some("tendon_stiffness"), change_polynomial("tendon_stiffness")),
    "tendon_damping": (TENDON, some("tendon_damping"), change_polynomial("tendon_damping")),
    "gear": (ACTUATOR, ANY, lambda m, a, mode, x: change(m.actuator_gear, (m.actuator_outadr[a], slice(None) if mode == "factor" else 0), mode, x)),
    "motor_strength": (ACTUATOR, ANY, change_strength),
    "motor_gain": (ACTUATOR, lambda m, a: m.actuator_biasprm[a, 1] != 0, change_servo(1)),
    "motor_damping": (ACTUATOR, lambda m, a: m.actuator_biasprm[a, 2] != 0, change_servo(2)),
    "motor_limit": (ACTUATOR, lambda m, a: m.actuator_forcelimited[a], limit_force),
    "lost_motor": (ACTUATOR, ANY, None),
    "gravity": (None, ANY, change_gravity),
    "slope": (None, ANY, lambda m, _, mode, x: turn(m, 0, 2, x)),
    "slope_direction": (None, ANY, lambda m, _, mode, x: turn(m, 1, 0, x)),
    "wind_x": (None, ANY, lambda m, _, mode, x: change(m.opt.wind, 0, mode, x)),
    "wind_y": (None, ANY, lambda m, _, mode, x: change(m.opt.wind, 1, mode, x)),
    "density": (None, ANY, option("density")),
    "viscosity": (None, ANY, option("viscosity")),
}
# what MuJoCo computes constants from (mj_setConst): without a change of these, those of the compiled model stay as they are
INPUTS = ("body_mass", "body_inertia", "body_ipos", "dof_armature", "tendon_stiffness", "tendon_damping", "actuator_gear")


class Change:
    def __init__(self, m, root, word, settings):
        self.word, self.each = word, settings.get("each") == "true"
        self.mode = next(mode for mode in ("factor", "value", "added") if mode in settings)
        self.draw = settings[self.mode]
        self.kind, self.fits, self.apply = DYNAMICS[word]
        names = [name for key in LISTS if key in settings for name in as_list(settings[key])]
        self.objects = self.bind(m, root, names)
        base = settings.get("name", word)
        if self.each:
            self.names = [f"{base} {name_of(m, self.kind, i)}" for i in self.objects]
        elif "name" not in settings and len(names) == 1 and names[0] != "*":
            self.names = [f"{base} {names[0]}"]
        else:
            self.names = [base]

    def bind(self, m, root, names):
        if self.kind is None:
            return [None]
        if not names and self.word == "payload":
            return [root]
        count = {BODY: m.nbody, JOINT: m.njnt, GEOM: m.ngeom, ACTUATOR: m.nactuator, TENDON: m.ntendon}[self.kind]
        chosen = [i for name in names for i in match(m, self.kind, name)] if names else range(count)
        gets_some = names and self.mode != "factor" and isinstance(self.fits, some)
        return list(dict.fromkeys(i for i in chosen if gets_some or self.fits(m, i)))

    def make(self, m, numbers):
        if self.word == "lost_motor":
            which = math.floor(numbers[0] + 0.5)
            if 0 <= which < len(self.objects):
                m.actuator_forcelimited[self.objects[which]] = 1
                m.actuator_forcerange[self.objects[which]] = 0
            return
        for k, i in enumerate(self.objects):
            if self.mode != "added" or numbers[k if self.each else 0] != 0:
                self.apply(m, i, self.mode, numbers[k if self.each else 0])


# ---- the file ---------------------------------------------------------------------------------------------------------------

def floats(values):
    return [float(v) for v in as_list(values)]


def term(item, common):
    """A term of a list as (word, its value or None, its settings), with the settings of every term taken out of both."""
    if isinstance(item, str):
        return item, None, {}
    (word, value), = [(k, v) for k, v in item.items() if k not in common]
    beside = {k: v for k, v in item.items() if k in common}
    if isinstance(value, dict):
        return word, None, {**beside, **value}
    return word, value, beside


class Robot:
    def __init__(self, path):
        with open(path) as file:
            self.file = yaml.load(file, yaml.BaseLoader)  # every scalar as it stands there: 1e-3 is a number, and on is a name
        f = self.file
        self.m = mujoco.MjModel.from_xml_path(os.path.join(os.path.dirname(path), f["model"]))
        self.m.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        m = self.m
        if "control_period" in f:
            self.skip = round(float(f["control_period"]) / m.opt.timestep)
        else:
            self.skip = int(f.get("frame_skip", 1))
        self.period = self.skip * m.opt.timestep
        first = next(b for b in range(1, m.nbody) if m.body_dofnum[b] > 0)
        self.root = match(m, BODY, f["root"])[0] if "root" in f else int(m.body_rootid[first])
        self.read_start(f.get("start", {}))
        self.read_actions(f.get("actions", [{"actuators": "*"}]))
        self.numbers = [(name, draw) for name, draw in f.get("task", {}).items()]
        self.changes = [Change(m, self.root, word, settings) for item in f.get("randomize", []) for word, settings in item.items()]

    def read_start(self, start):
        m = self.m
        d = mujoco.MjData(m)
        self.key = match(m, mujoco.mjtObj.mjOBJ_KEY, start["keyframe"])[0] if "keyframe" in start else None
        self.reset(m, d)
        self.qpos, self.qvel, self.rest = d.qpos.copy(), d.qvel.copy(), d.ctrl.copy()
        if "qpos" in start:
            self.qpos[:] = floats(start["qpos"])
        for pattern, value in start.get("joint_pos", {}).items():
            for j in match(m, JOINT, pattern):
                count = (7, 4, 1, 1)[m.jnt_type[j]]
                self.qpos[m.jnt_qposadr[j]:m.jnt_qposadr[j] + count] = floats(value)
        self.noises = [{k: float(v) for k, v in start.get(key, {}).items()} for key in ("position_noise", "velocity_noise")]

    def reset(self, m, d):
        if self.key is None:
            mujoco.mj_resetData(m, d)
        else:
            mujoco.mj_resetDataKeyframe(m, d, self.key)

    def read_actions(self, entries):
        m = self.m
        self.actions = []
        for entry in entries if isinstance(entries, list) else [entries]:
            for pattern in as_list(entry["actuators"]):
                for a in match(m, ACTUATOR, pattern):
                    for c in range(m.actuator_ctrladr[a], m.actuator_ctrladr[a] + m.actuator_ctrlnum[a]):
                        self.read_control(entry, a, c)
        self.act_dim = len(self.actions)

    def read_control(self, entry, a, c):
        m = self.m
        low, high = m.actuator_ctrlrange[c] if m.actuator_ctrllimited[c] else (-math.inf, math.inf)
        limited = bool(m.actuator_ctrllimited[c])
        center = entry.get("center", "range")
        if center == "range":
            center = 0.5 * (low + high) if limited else 0
        elif center == "start":
            center = self.qpos[m.jnt_qposadr[m.actuator_trnid[a, 0]]] * m.actuator_gear[m.actuator_outadr[a], 0]
        scale = float(entry["scale"]) if "scale" in entry else 0.5 * (high - low)
        self.actions.append((c, float(center), scale, low, high))
        self.rest[c] = float(center)

    # ---- a task

    def task_names(self):
        return [name for name, _ in self.numbers] + [name for c in self.changes for name in c.names]

    def draws(self):
        return [draw for _, draw in self.numbers] + [c.draw for c in self.changes for _ in c.names]

    def model_of(self, task):
        """The model of a task, and a world of it."""
        m, at = copy.copy(self.m), len(self.numbers)
        numbers = []
        for c in self.changes:
            numbers.append(task[at:at + len(c.names)])
            at += len(c.names)
        require(at == len(task), f"the task has {len(task)} numbers, and the file {at}")
        for word in DYNAMICS:
            for c, own in zip(self.changes, numbers):
                if c.word == word:
                    c.make(m, own)
        d = mujoco.MjData(m)
        if any(not np.array_equal(getattr(m, name), getattr(self.m, name)) for name in INPUTS):
            mujoco.mj_setConst(m, d)
        return m, d

    def control(self, action):
        """ctrl of clipped actions."""
        ctrl = self.rest.copy()
        for a, (c, center, scale, low, high) in zip(action, self.actions):
            ctrl[c] = min(max(center + scale * a, low), high)
        return ctrl

    # ---- what is seen of a state

    def observe(self, s):
        values = []
        for item in self.file["observations"]:
            word, value, settings = term(item, ("name", "clip", "scale", "size"))
            names = [n for key in LISTS if key in settings for n in as_list(settings[key])]
            if word == "expr":
                x = evaluate(s, value)
            elif word in ("action", "last_action"):
                x = np.array(s.action)
            else:
                x = quantity(s, word, names or (as_list(value) if value else []))
            low, high = floats(settings["clip"]) if "clip" in settings else (-math.inf, math.inf)
            values.append(float(settings.get("scale", 1)) * np.clip(x, low, high))
        return np.concatenate(values)

    def values(self, key, words, s):
        for item in self.file.get(key, []):
            word, value, settings = term(item, ("name", "weight"))
            weight = float(settings.pop("weight", 1))
            settings.pop("name", None)
            text = value if word == "expr" else words[word](**settings)
            (x,) = evaluate(s, text)
            yield weight * x

    def rewards(self, s):
        return list(self.values("rewards", REWARDS, s))

    def ends(self, s):
        return any(x != 0 for x in self.values("terminations", TERMINATIONS, s))


# ---- the replay ---------------------------------------------------------------------------------------------------------------

class State:
    """What words are read from: a second world at the same state, in which everything is computed that can be asked for. The first
    one only steps, as anybody's would."""

    def __init__(self, robot, m, task):
        self.m, self.d, self.root, self.period = m, mujoco.MjData(m), robot.root, robot.period
        self.numbers = dict(zip(robot.task_names(), map(float, task)))
        self.action = self.last_action = np.zeros(robot.act_dim)
        self.steps, self.root_before = 0, None

    def look(self, d):
        before = self.d.xpos[self.root].copy()
        mujoco.mj_copyData(self.d, self.m, d)
        mujoco.mj_forward(self.m, self.d)
        mujoco.mj_rnePostConstraint(self.m, self.d)
        mujoco.mj_subtreeVel(self.m, self.d)
        self.root_before = self.d.xpos[self.root].copy() if self.root_before is None else before


def check_task(robot, task):
    """The numbers are ones that the file can draw."""
    for name, draw, x in zip(robot.task_names(), robot.draws(), task):
        for word in ("uniform", "log_uniform"):
            if word in draw:
                low, high = floats(draw[word])
                require(low <= x <= high, f"{name} = {x} is not from {low} to {high}")
        if "choice" in draw:
            require(x in floats(draw["choice"]), f"{name} = {x} is none of {draw['choice']}")
        if "fixed" in draw:
            require(x == float(draw["fixed"]), f"{name} = {x} is not {draw['fixed']}")


def check_start(robot, qpos, qvel):
    """Start states differ from the file's by noise of the size that it names. Quaternions are normalised after it."""
    m = robot.m
    plain = np.ones(m.nq, bool)
    for j in range(m.njnt):
        at = m.jnt_qposadr[j]
        if m.jnt_type[j] in (0, 1):
            four = slice(at + 3, at + 7) if m.jnt_type[j] == 0 else slice(at, at + 4)
            plain[four] = False
            require(np.allclose(np.linalg.norm(qpos[:, four], axis=1), 1, atol=1e-12), "quaternions of start states have length 1")
            widest = max([4 * v for v in robot.noises[0].values()] + [0])
            unit = robot.qpos[four] / np.linalg.norm(robot.qpos[four])
            require(np.all(np.abs(qpos[:, four] - unit) <= 2 * widest + 1e-12), "quaternions of start states are too far off")
    for what, noise, x in (("position", robot.noises[0], (qpos - robot.qpos)[:, plain]), ("velocity", robot.noises[1], qvel - robot.qvel)):
        if "uniform" in noise:
            size = noise["uniform"]
            require(np.all(np.abs(x) <= size * (1 + 1e-9)), f"{what} noise beyond {size}: {np.abs(x).max()}")
            require(x.size < 30 or np.abs(x).max() > 0.8 * size, f"{what} noise of at most {np.abs(x).max()} only")
        elif "normal" in noise:
            size = noise["normal"]
            require(np.all(np.abs(x) <= 6.5 * size), f"{what} noise of {np.abs(x).max()}, of standard deviation {size}")
            require(x.size < 30 or 0.7 < np.std(x) / size < 1.3, f"{what} noise has standard deviation {np.std(x)}, not {size}")
        else:
            require(np.all(x == 0), f"{what}: no noise was asked for")


def replay(robot, t, i, oracle=False, tolerance=0):
    """Trajectory i of a rollout's tensors, from its first state and its actions alone: its states bit for bit, and what was observed,
    rewarded and ended. Whether it broke down, as the file did not end it and nothing is known of its last action."""
    first, end = t["traj_start"][i:i + 2]
    task = t["task"][i]
    if first == end:
        return True
    m, d = robot.model_of(task)
    s = State(robot, m, task)
    robot.reset(m, d)
    d.qpos[:], d.qvel[:], d.ctrl[:] = t["qpos"][first], t["qvel"][first], robot.rest
    s.look(d)
    for row in range(first, end):
        where = f"trajectory {i}, step {row - first}"
        obs = robot.observe(s)
        obs = np.concatenate([obs, task]) if oracle else obs
        require(len(obs) == t["obs"].shape[1], f"{len(obs)} numbers are observed, not {t['obs'].shape[1]}")
        bad = np.abs(obs.astype(np.float32) - t["obs"][row]) > 1.3e-7 * np.abs(obs) + 1e-9 + tolerance
        require(not bad.any(), f"{where}: observation {np.flatnonzero(bad)[:9]} is {t['obs'][row][bad][:3]}, not {obs[bad][:3]}")

        s.last_action, s.action = s.action, np.clip(t["act"][row].astype(float), -1, 1)
        d.ctrl[:] = robot.control(s.action)
        for _ in range(robot.skip):
            mujoco.mj_step(m, d)
        after = [t[name + "_last"][i] if row + 1 == end else t[name][row + 1] for name in ("qpos", "qvel")]
        for name, wanted in zip(("qpos", "qvel"), after):
            found = getattr(d, name)
            require(np.all(np.abs(found - wanted) <= tolerance), f"{where}: {name} after it is off by {np.abs(found - wanted).max()}")

        s.steps += 1
        s.look(d)
        terms = robot.rewards(s)
        size = sum(map(abs, terms))
        require(abs(sum(terms) - t["rew"][row]) <= 1e-6 * size + 1e-9 + tolerance, f"{where}: reward {t['rew'][row]}, not {sum(terms)} = {terms}")
        ended, flag = robot.ends(s), bool(t["terminated"][i])
        broken = row + 1 == end and flag and not ended
        require(ended == (row + 1 == end and flag) or broken, f"{where}: the file {'ends' if ended else 'does not end'} it here")
    return broken


def read(path):
    with safe_open(path, "numpy") as file:
        return {key: file.get_tensor(key) for key in file.keys()}


def check(env_file, rollout_file, oracle=False, broken=0, tolerance=0):
    """All of a rollout, in which so many trajectories broke down. Raises Difference, or returns how many trajectories, steps and ends
    there were."""
    robot, t = Robot(env_file), read(rollout_file)
    lengths = np.diff(t["traj_start"])
    starts = [[t[name][k] if n > 0 else t[name + "_last"][i] for i, (k, n) in enumerate(zip(t["traj_start"], lengths))]
              for name in ("qpos", "qvel")]
    check_start(robot, *map(np.array, starts))
    for task in t["task"]:
        check_task(robot, task)
    found = [i for i in range(len(t["task"])) if replay(robot, t, i, oracle, tolerance)]
    require(len(found) == broken, f"trajectories {found}: the file does not end them where they end")
    return len(t["task"]), len(t["rew"]), int(t["terminated"].sum())
