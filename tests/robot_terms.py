"""robot_terms.py: what the words of an environment's file mean, written a second time: in Python, with MuJoCo's own package, from the
documents alone (docs/robots.md, `kshot envs --terms`). Quantities are read by other functions of MuJoCo's than kshot's wherever there are some.

A state is any object with m, d (on which mj_forward, mj_rnePostConstraint and mj_subtreeVel have been called), root, numbers (of the task,
by name), action, last_action, root_before, steps and period."""

import ast
import fnmatch
import functools
import math
import operator

import mujoco
import numpy as np

BODY, JOINT, GEOM, SITE = mujoco.mjtObj.mjOBJ_BODY, mujoco.mjtObj.mjOBJ_JOINT, mujoco.mjtObj.mjOBJ_GEOM, mujoco.mjtObj.mjOBJ_SITE
ACTUATOR, SENSOR, TENDON = mujoco.mjtObj.mjOBJ_ACTUATOR, mujoco.mjtObj.mjOBJ_SENSOR, mujoco.mjtObj.mjOBJ_TENDON
COUNTS = {BODY: "nbody", JOINT: "njnt", GEOM: "ngeom", SITE: "nsite", ACTUATOR: "nactuator", SENSOR: "nsensor", TENDON: "ntendon",
          mujoco.mjtObj.mjOBJ_KEY: "nkey"}
FREE, BALL, SLIDE, HINGE = 0, 1, 2, 3


# ---- names ----------------------------------------------------------------------------------------------------------------

def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def name_of(m, kind, i):
    return mujoco.mj_id2name(m, kind, i) or f"#{i}"


def match(m, kind, pattern):
    """In the order of the model. A pattern never means the world, which must be asked for by its name."""
    found = []
    for i in range(getattr(m, COUNTS[kind])):
        name = name_of(m, kind, i)
        if name == pattern or (fnmatch.fnmatchcase(name, pattern) and not (kind == BODY and i == 0)):
            found.append(i)
    assert found, f"no object of the model is called {pattern}"
    return found


def on_joint(m, a):
    return mujoco.mjtTrn(m.actuator_trntype[a]) in (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT)


def actuated(m):
    """Joints that an actuator moves, by itself or by a tendon."""
    found = set()
    for a in range(m.nactuator):
        target = m.actuator_trnid[a, 0]
        if on_joint(m, a):
            found.add(int(target))
        elif mujoco.mjtTrn(m.actuator_trntype[a]) == mujoco.mjtTrn.mjTRN_TENDON:
            for w in range(m.tendon_adr[target], m.tendon_adr[target] + m.tendon_num[target]):
                if mujoco.mjtWrap(m.wrap_type[w]) == mujoco.mjtWrap.mjWRAP_JOINT:
                    found.add(int(m.wrap_objid[w]))
    return sorted(found)


# ---- quantities -----------------------------------------------------------------------------------------------------------

def positions(m, j):
    return slice(m.jnt_qposadr[j], m.jnt_qposadr[j] + (7, 4, 1, 1)[m.jnt_type[j]])


def velocities(m, j):
    return slice(m.jnt_dofadr[j], m.jnt_dofadr[j] + (6, 3, 1, 1)[m.jnt_type[j]])


def joint_pos_rel(s, j):
    now, rest = s.d.qpos[positions(s.m, j)], s.m.qpos0[positions(s.m, j)]
    if s.m.jnt_type[j] in (SLIDE, HINGE):
        return now - rest
    turned = np.zeros(3)
    mujoco.mju_subQuat(turned, now[-4:], rest[-4:])
    return np.concatenate([now[:-4] - rest[:-4], turned])


def has_range(m, j):
    return m.jnt_type[j] in (SLIDE, HINGE) and m.jnt_limited[j] and m.jnt_range[j, 0] < m.jnt_range[j, 1]


def normalized(s, j):
    low, high = s.m.jnt_range[j]
    return (2 * s.d.qpos[s.m.jnt_qposadr[j]] - low - high) / (high - low)


def moves(s, kind, i, local=0):
    """Angular velocity and velocity of an object."""
    v = np.zeros(6)
    mujoco.mj_objectVelocity(s.m, s.d, kind, i, v, local)
    return v[:3], v[3:]


XBODY = mujoco.mjtObj.mjOBJ_XBODY


def lin_acc(s, b):
    a = np.zeros(6)
    mujoco.mj_objectAcceleration(s.m, s.d, XBODY, b, a, 0)
    return a[3:] + s.m.opt.gravity


def mat(s, b):
    return s.d.xmat[b].reshape(3, 3)


def down(s, b):
    g = s.m.opt.gravity
    g = g / np.linalg.norm(g) if np.any(g) else np.array([0, 0, -1])
    return mat(s, b).T @ g


def yaw_velocity(s):
    v = moves(s, XBODY, s.root)[1]
    angle = math.atan2(mat(s, s.root)[1, 0], mat(s, s.root)[0, 0])
    c, n = math.cos(angle), math.sin(angle)
    return np.array([c * v[0] + n * v[1], c * v[1] - n * v[0], v[2]])


def rpy(s):
    r = mat(s, s.root)
    return np.array([math.atan2(r[2, 1], r[2, 2]), math.asin(max(-1, min(1, -r[2, 0]))), math.atan2(r[1, 0], r[0, 0])])


def touches(s, geoms):
    pairs = [(s.d.contact[i].geom[0], s.d.contact[i].geom[1]) for i in range(s.d.ncon) if s.d.contact[i].exclude == 0]
    return float(any(g in pair for pair in pairs for g in geoms))


def geoms_of(s, b):
    return [g for g in range(s.m.ngeom) if s.m.geom_bodyid[g] == b]


def slip(s, g):
    return math.hypot(*moves(s, GEOM, g)[1][:2]) if touches(s, [g]) else 0.0


def part(array, start, count):
    return array[start:start + count]


ROOT, ALL, NAMED = "root", "all", "named"
# word: what it is of, what it is of where nobody names anything, (which of all it makes sense for,) its numbers for one object
OF_OBJECTS = {
    "joint_pos": (JOINT, ALL, lambda s, j: s.d.qpos[positions(s.m, j)]),
    "joint_pos_rel": (JOINT, ALL, joint_pos_rel),
    "joint_pos_limit_normalized": (JOINT, ALL, normalized, has_range),
    "joint_lower_limit": (JOINT, ALL, lambda s, j: s.m.jnt_range[j, 0], has_range),
    "joint_upper_limit": (JOINT, ALL, lambda s, j: s.m.jnt_range[j, 1], has_range),
    "joint_vel": (JOINT, ALL, lambda s, j: s.d.qvel[velocities(s.m, j)]),
    "joint_acc": (JOINT, ALL, lambda s, j: s.d.qacc[velocities(s.m, j)]),
    "joint_torque": (JOINT, ALL, lambda s, j: s.d.qfrc_actuator[velocities(s.m, j)]),
    "joint_constraint_force": (JOINT, ALL, lambda s, j: s.d.qfrc_constraint[velocities(s.m, j)]),
    "projected_gravity": (BODY, ROOT, down),
    "upright": (BODY, ROOT, lambda s, b: mat(s, b)[2, 2]),
    "heading": (BODY, ROOT, lambda s, b: math.atan2(mat(s, b)[1, 0], mat(s, b)[0, 0])),
    "body_pos": (BODY, ROOT, lambda s, b: s.d.xpos[b]),
    "body_quat": (BODY, ROOT, lambda s, b: s.d.xquat[b]),
    "body_mat": (BODY, ROOT, lambda s, b: s.d.xmat[b]),
    "body_lin_vel": (BODY, ROOT, lambda s, b: moves(s, XBODY, b)[1]),
    "body_ang_vel": (BODY, ROOT, lambda s, b: moves(s, XBODY, b)[0]),
    "body_lin_acc": (BODY, ROOT, lin_acc),
    "body_com_pos": (BODY, ROOT, lambda s, b: s.d.xipos[b]),
    "com_pos": (BODY, ROOT, lambda s, b: s.d.subtree_com[b]),
    "com_lin_vel": (BODY, ROOT, lambda s, b: s.d.subtree_linvel[b]),
    "angular_momentum": (BODY, ROOT, lambda s, b: s.d.subtree_angmom[b]),
    "body_contact": (BODY, ROOT, lambda s, b: touches(s, geoms_of(s, b))),
    "body_contact_force": (BODY, ROOT, lambda s, b: s.d.cfrc_ext[b, 3:]),
    "contact_forces": (BODY, ALL, lambda s, b: s.d.cfrc_ext[b]),
    "cinert": (BODY, ALL, lambda s, b: s.d.cinert[b]),
    "cvel": (BODY, ALL, lambda s, b: s.d.cvel[b]),
    "geom_pos": (GEOM, NAMED, lambda s, g: s.d.geom_xpos[g]),
    "geom_lin_vel": (GEOM, NAMED, lambda s, g: moves(s, GEOM, g)[1]),
    "geom_contact": (GEOM, NAMED, lambda s, g: touches(s, [g])),
    "geom_slip": (GEOM, NAMED, slip),
    "site_pos": (SITE, NAMED, lambda s, i: s.d.site_xpos[i]),
    "site_mat": (SITE, NAMED, lambda s, i: s.d.site_xmat[i]),
    "site_lin_vel": (SITE, NAMED, lambda s, i: moves(s, SITE, i)[1]),
    "site_ang_vel": (SITE, NAMED, lambda s, i: moves(s, SITE, i)[0]),
    "ctrl": (ACTUATOR, ALL, lambda s, a: part(s.d.ctrl, s.m.actuator_ctrladr[a], s.m.actuator_ctrlnum[a])),
    "actuator_force": (ACTUATOR, ALL, lambda s, a: part(s.d.actuator_force, s.m.actuator_outadr[a], s.m.actuator_outnum[a])),
    "actuator_length": (ACTUATOR, ALL, lambda s, a: part(s.d.actuator_length, s.m.actuator_outadr[a], s.m.actuator_outnum[a])),
    "actuator_vel": (ACTUATOR, ALL, lambda s, a: part(s.d.actuator_velocity, s.m.actuator_outadr[a], s.m.actuator_outnum[a])),
    "activation": (ACTUATOR, ALL, lambda s, a: part(s.d.act, s.m.actuator_actadr[a], s.m.actuator_actnum[a]),
                   lambda m, a: m.actuator_actnum[a] > 0),
    "tendon_length": (TENDON, ALL, lambda s, t: s.d.ten_length[t]),
    "tendon_vel": (TENDON, ALL, lambda s, t: s.d.ten_velocity[t]),
    "sensor": (SENSOR, ALL, lambda s, i: part(s.d.sensordata, s.m.sensor_adr[i], s.m.sensor_dim[i])),
}
OF_NOTHING = {
    "qpos": lambda s: s.d.qpos,
    "qvel": lambda s: s.d.qvel,
    "time": lambda s: s.steps * s.period,
    "base_pos": lambda s: s.d.xpos[s.root],
    "base_height": lambda s: s.d.xpos[s.root, 2],
    "base_quat": lambda s: s.d.xquat[s.root],
    "base_rpy": rpy,
    "base_lin_vel": lambda s: mat(s, s.root).T @ moves(s, XBODY, s.root)[1],
    "base_ang_vel": lambda s: moves(s, XBODY, s.root, 1)[0],
    "base_lin_vel_w": lambda s: moves(s, XBODY, s.root)[1],
    "base_ang_vel_w": lambda s: moves(s, XBODY, s.root)[0],
    "base_lin_vel_yaw": yaw_velocity,
    "root_progress_vel": lambda s: (s.d.xpos[s.root] - s.root_before) / s.period,
}


@functools.lru_cache(maxsize=10000)
def objects(m, root, word, names):
    kind, scope, _, *fits = OF_OBJECTS[word]
    suits = fits[0] if fits else lambda m, i: True
    if not names:
        assert scope != NAMED, f"{word} needs names"
        return [root] if scope == ROOT else [i for i in range(getattr(m, COUNTS[kind])) if suits(m, i)]
    found = []
    for name in names:
        ids = actuated(m) if kind == JOINT and name == "actuated" else match(m, kind, name)
        found += [i for i in ids if suits(m, i) and i not in found]
    return list(dict.fromkeys(found))


def quantity(s, word, names=()):
    if word in OF_NOTHING:
        assert not names
        return np.array(OF_NOTHING[word](s), dtype=float).reshape(-1)
    read = OF_OBJECTS[word][2]
    return np.concatenate([np.reshape(read(s, i), -1) for i in objects(s.m, s.root, word, tuple(names))]).astype(float)


# ---- expressions: Python's own parser, and what its trees mean here --------------------------------------------------------------

def in_turn(values):
    return np.array([functools.reduce(operator.add, values.tolist(), 0.0)])


def every(f):
    return lambda *args: np.array([f(*xs) for xs in zip(*np.broadcast_arrays(*args))], dtype=float)


FUNCTIONS = {
    "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "atan2": np.arctan2,
    "tanh": np.tanh, "floor": np.floor, "sign": np.sign, "square": lambda x: x * x, "min": np.minimum, "max": np.maximum,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high), "where": every(lambda c, a, b: a if c != 0 else b),
    "sum": in_turn, "mean": lambda x: in_turn(x) / len(x), "norm": lambda x: np.sqrt(in_turn(x * x)),
    "norm1": lambda x: in_turn(np.abs(x)), "dot": lambda a, b: in_turn(a * b), "smallest": lambda x: np.array([x.min()]),
    "largest": lambda x: np.array([x.max()]), "size": lambda x: np.array([float(len(x))]),
    "any": lambda x: np.array([float(np.any(x != 0))]), "all": lambda x: np.array([float(np.all(x != 0))]),
}
BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow}
COMPARE = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
           ast.NotEq: operator.ne}


@functools.lru_cache(maxsize=1000)
def parse(text):
    return ast.parse(text.strip().replace("^", "**"), mode="eval").body


def word_of(node):
    return node.id if isinstance(node, ast.Name) else str(node.value)


def evaluate(s, node):
    """Always a vector; a number is a vector of one."""
    if isinstance(node, str):
        node = parse(node)
    value = functools.partial(evaluate, s)
    if isinstance(node, ast.Constant):
        return np.array([float(node.value)])
    if isinstance(node, ast.Name):
        if node.id in s.numbers:
            return np.array([s.numbers[node.id]])
        special = {"pi": [math.pi], "action": s.action, "last_action": s.last_action}
        return np.array(special[node.id], dtype=float) if node.id in special else quantity(s, node.id)
    if isinstance(node, ast.Call) and node.func.id in FUNCTIONS:
        return FUNCTIONS[node.func.id](*map(value, node.args))
    if isinstance(node, ast.Call):
        return quantity(s, node.func.id, [word_of(a) for a in node.args])
    if isinstance(node, ast.List):
        return np.concatenate([value(e) for e in node.elts])
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)](value(node.left), value(node.right))
    if isinstance(node, ast.Compare):
        assert len(node.ops) == 1
        return COMPARE[type(node.ops[0])](value(node.left), value(node.comparators[0])).astype(float)
    if isinstance(node, ast.BoolOp):
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return functools.reduce(combine, [value(v) != 0 for v in node.values]).astype(float)
    if isinstance(node, ast.UnaryOp):
        x = value(node.operand)
        return (x == 0).astype(float) if isinstance(node.op, ast.Not) else -x if isinstance(node.op, ast.USub) else x
    if isinstance(node, ast.Subscript):
        x, at = value(node.value), node.slice
        number = lambda n: None if n is None else ast.literal_eval(n)
        if isinstance(at, ast.Slice):
            return x[number(at.lower):number(at.upper)]
        return x[[number(at)]]
    raise AssertionError(f"not an expression: {ast.dump(node)}")


# ---- words of rewards and terminations: the expressions that they stand for ------------------------------------------------------

def called(names):
    return "(" + ", ".join(f'"{n}"' for n in as_list(names)) + ")" if names else ""


def vector(values):
    values = as_list(values)
    return f"({values[0]})" if len(values) == 1 else "[" + ", ".join(values) + "]"


def parts(values):
    values = as_list(values)
    return "[0]" if len(values) == 1 else f"[0:{len(values)}]"


SPEEDS = {"center": "com_lin_vel", "root": "base_lin_vel_w", "progress": "root_progress_vel"}
FRAMES = {"body": "", "yaw": "_yaw", "world": "_w"}


def forward(of="center", direction="1"):
    return f"sum({vector(direction)} * {SPEEDS[of]}{parts(direction)})"


def target_distance(target, body=None):
    return f"norm(body_pos{called(body)}{parts(target)} - {vector(target)})"


def joint_limits(soft="0.9", joints=None):
    j = called(joints)
    return (f"sum(max(abs(joint_pos_limit_normalized{j}) - {soft}, 0) * (joint_upper_limit{j} - joint_lower_limit{j}) / 2)")


def either(with_word, *pairs):
    return with_word.join(text for given, text in pairs if given)


def contact(bodies=None, geoms=None):
    return either(" + ", (bodies, f"sum(body_contact{called(bodies)})"), (geoms, f"sum(geom_contact{called(geoms)})"))


def squares(word):
    return lambda joints="actuated": f"sum(square({word}{called(joints)}))"


REWARDS = {
    "alive": lambda: "1",
    "forward": forward,
    "speed": lambda target, of="center": f"-abs({SPEEDS[of]}[0] - {vector(target)})",
    "track_lin_vel": lambda target, std="0.5", frame="body":
        f"exp(-sum(square(base_lin_vel{FRAMES[frame]}{parts(target)} - {vector(target)})) / square({std}))",
    "track_ang_vel": lambda target, std="0.5", frame="body":
        f"exp(-square(base_ang_vel{FRAMES[frame]}[2] - {vector(target)}) / square({std}))",
    "track_height": lambda target, std="0.1", body=None: f"exp(-square(body_pos{called(body)}[2] - {vector(target)}) / square({std}))",
    "heading": lambda target, body=None: f"cos(heading{called(body)} - {vector(target)})",
    "distance": target_distance,
    "reach": lambda target, std="1", body=None: f"1 - tanh({target_distance(target, body)} / {std})",
    "upright": lambda body=None: f"upright{called(body)}",
    "height": lambda body=None: f"body_pos{called(body)}[2]",
    "base_height": lambda target, body=None: f"square(body_pos{called(body)}[2] - {vector(target)})",
    "flat_orientation": lambda body=None: f"sum(square(projected_gravity{called(body)}[0:2]))",
    "lin_vel_z": lambda: "square(base_lin_vel[2])",
    "ang_vel_xy": lambda: "sum(square(base_ang_vel[0:2]))",
    "posture": lambda joints="actuated", std="0.5": f"exp(-mean(square(joint_pos_rel{called(joints)})) / square({std}))",
    "control": lambda: "sum(square(action))",
    "action_rate": lambda: "sum(square(action - last_action))",
    "energy": lambda actuators=None: f"sum(abs(actuator_force{called(actuators)} * actuator_vel{called(actuators)}))",
    "joint_torque_l2": squares("joint_torque"),
    "joint_vel_l2": squares("joint_vel"),
    "joint_acc_l2": squares("joint_acc"),
    "joint_deviation_l1": lambda joints="actuated": f"sum(abs(joint_pos_rel{called(joints)}))",
    "joint_limits": joint_limits,
    "contact_cost": lambda limit="1", bodies=None: f"sum(square(clip(contact_forces{called(bodies)}, -({limit}), {limit})))",
    "contact": contact,
    "slip": lambda geoms: f"sum(square(geom_slip{called(geoms)}))",
}


def bounds(text, below, above):
    return either(" or ", (below, f"any({text} < ({below}))"), (above, f"any({text} > ({above}))"))


TERMINATIONS = {
    "height": lambda below=None, above=None, body=None: bounds(f"body_pos{called(body)}[2]", below, above),
    "tilt": lambda above, body=None: f"upright{called(body)} < cos({above})",
    "contact": lambda bodies=None, geoms=None:
        either(" or ", (bodies, f"any(body_contact{called(bodies)})"), (geoms, f"any(geom_contact{called(geoms)})")),
    "distance": lambda target=("0", "0"), below=None, above=None, body=None: bounds(target_distance(target, body), below, above),
    "joint_pos": lambda joints="actuated", below=None, above=None: bounds(f"joint_pos{called(joints)}", below, above),
    "joint_vel": lambda above, joints="actuated": f"any(abs(joint_vel{called(joints)}) > ({above}))",
}
