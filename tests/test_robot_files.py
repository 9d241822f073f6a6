#!/usr/bin/env python3
"""test_robot_files.py KSHOT: damaged and silly environments of files end in one clear line and exit code 2, soon, and leave nothing behind."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from kshot_cli import HERE, memory_folder

SECONDS = 10  # that each may take on a machine that does nothing else
BODY = '<body name="arm"><joint name="hip"/><geom name="arm" type="capsule" fromto="0 0 0 .3 0 0" size=".05"/></body>'
MOTOR = '<motor name="hip" joint="hip" ctrlrange="-1 1"/>'


def robot(world="", more="", before="", body=BODY, motor=MOTOR):
    return f"<mujoco>{before}\n<worldbody>\n{body}\n{world}\n</worldbody>\n<actuator>{motor}</actuator>\n{more}\n</mujoco>\n"


def asset(text):
    return robot(more=f"<asset>{text}</asset>")


PARTS = {
    "model": "model: m.xml",
    "observations": "observations:\n  - joint_pos",
    "rewards": "rewards:\n  - expr: velocity",
    "task": "task:\n  velocity: {uniform: [0, 2]}",
}


def env(**parts):
    """A good file but for these parts; None leaves one out. The model's line is the first."""
    return "\n".join(text for text in (PARTS | parts).values() if text is not None) + "\n"


def obs(term):
    return env(observations=f"observations:\n  - {term}")


def reward(term):
    return env(rewards=f"rewards:\n  - {term}")


def ends(term):
    return env(terminations=f"terminations:\n  - {term}")


def number(text):
    return env(task=f"task:\n  velocity: {text}")


def change(text):
    return env(randomize=f"randomize:\n  - {text}")


JOINT = '<joint/><geom size=".1" contype="0"/>'
URDF = """<robot name="r"><link name="a"/><link name="b"><inertial><mass value="1"/>
<inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link><joint name="j" type="revolute"><parent link="a"/>
<child link="b"/><axis xyz="0 0 1"/><limit lower="-1" upper="1" effort="1" velocity="1"/></joint></robot>"""

# files that cases name, beside the model m.xml
FILES = {
    "empty.xml": b"",
    "bad.stl": b"solid hello" * 100,
    "lying.stl": b"\0" * 80 + b"\xff\xff\xff\x7f" + b"\0" * 500,
    "face.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 900000000\n",
    "bad.msh": b"\xff\xff\xff\x7f" * 200,
    "bad.skn": b"\xff\xff\xff\x7f" * 200,
    "bad.png": b"\x89PNG\r\n\x1a\n" + b"x" * 200,
    "bad.hf": b"\xff\xff\xff\x7f" * 20,
    "loop-a.xml": b'<mujoco><include file="loop-b.xml"/></mujoco>',
    "loop-b.xml": b'<mujoco><include file="loop-a.xml"/></mujoco>',
    "twice.xml": b'<mujoco><include file="body.xml"/><include file="body.xml"/></mujoco>',
    "body.xml": b"<mujoco><worldbody/></mujoco>",
    "wide.xml": b"<mujoco>" + b'<include file="wide-1.xml"/>' * 20 + b"</mujoco>",
    "wide-1.xml": b"<mujoco>" + b'<include file="wide-2.xml"/>' * 20 + b"</mujoco>",
    "wide-2.xml": b"<mujoco>" + b'<include file="body.xml"/>' * 20 + b"</mujoco>",
    "many.xml": b"<mujoco><worldbody>" + b"<body><geom size='.1'/></body>" * 900 + b"</worldbody></mujoco>",
    "broken.xml": b"<mujoco>\n<worldbody>\n",
    "inner.xml": b'<mujoco>\n<worldbody>\n<geom sise="1"/></worldbody></mujoco>',
    "self.xml": b'<mujoco><asset><model name="x" file="self.xml"/></asset></mujoco>',
    "zero.xml": robot().encode() + b"\0\0",
    "latin.xml": robot('<site name="\xfc"/>').encode("latin-1"),
    "wide16.xml": robot().encode("utf-16"),
    "model.mjb": b"\x7f\x00\x00\x00MJB" * 100,
    "good.urdf": URDF.encode(),
    "loop.urdf": URDF.replace("</robot>", '<joint name="k" type="fixed"><parent link="b"/><child link="a"/></joint></robot>').encode(),
    "bad.urdf": b'<robot name="r">\n<joint name="j"/></robot>',
    "robots/none.txt": b"",
}

# name: (YAML, or bytes; MJCF of m.xml; what the message must have)
FINE = {
    "good": (env(), robot(), []),
    "CR LF": (env().replace("\n", "\r\n"), robot().replace("\n", "\r\n"), []),
    "a mark of UTF-8": (b"\xef\xbb\xbf" + env().encode(), b"\xef\xbb\xbf" + robot().encode(), []),
    "names": (
        obs("body_pos: ['a\"b', 'x y', \"\u00fc\"]"),
        robot('<body name="a&quot;b"/><body name="x y"/><body name="\u00fc"/><body name="' + "n" * 300 + '"/>'),
        [],
    ),
    "anchors": (env(task="task:\n  velocity: &v {uniform: [0, 2]}\n  other: *v"), robot(), []),
    "a number of the task observed": (obs("expr: velocity"), robot(), ["observation 1"]),
    "always ends": (ends('expr: "1"'), robot(), ["do the terminations hold at the start?"]),
    "an hour an action": (env(more="frame_skip: 10000"), robot(), ["random steps"]),
    "comments of XML": (env(), robot("<!-- <body> -- -->"), []),
    "replicate": (env(), robot(f'<replicate count="30" offset="0 0 1"><body>{JOINT}</body></replicate>'), []),
}

MODELS = {
    "missing model": (env(model="model: none.xml"), None, ["env.yaml:1", "none.xml", "No such file"]),
    "no model": (env(model=None), None, ["env.yaml:1", "model is missing"]),
    "model a directory": (env(model="model: robots"), None, ["env.yaml:1: model", "directory"]),
    "model a device": (env(model="model: /dev/zero"), None, ["/dev/zero", "device"]),
    "model a pipe": (env(model="model: pipe.xml"), None, ["pipe.xml", "pipe"]),
    "model a loop of links": (env(model="model: link.xml"), None, ["link.xml"]),
    "model with a long path": (env(model="model: " + "x" * 3000), None, ["env.yaml:1: model", "letters"]),
    "model with a long name": (env(model="model: " + "x" * 500), None, ["env.yaml:1: model"]),
    "model not a name": (env(model="model: [a, b]"), None, ["env.yaml:1: model", "single value"]),
    "model of nothing": (env(model="model:"), None, ["env.yaml:1: model", "is empty"]),
    "empty": (env(), "", ["m.xml", "empty"]),
    "binary": (env(), bytes(range(256)) * 10, ["m.xml:1", "zero byte"]),
    "UTF-16": (env(model="model: wide16.xml"), None, ["wide16.xml", "UTF-16"]),
    "Latin-1": (env(model="model: latin.xml"), None, ["latin.xml:", "0xfc", "UTF-8"]),
    "zero bytes": (env(model="model: zero.xml"), None, ["zero.xml:", "zero byte"]),
    "MJB": (env(model="model: model.mjb"), None, ["model.mjb", "compiled model", "MJCF"]),
    "not XML": (env(), "a robot should be here\n", ["m.xml", "XML"]),
    "half an XML": (env(), robot()[:60], ["m.xml:", "not XML"]),
    "another XML": (env(), "<html><body/></html>", ["m.xml", "'html'", "mujoco", "robot"]),
    "no end": (env(), '<mujoco model="', ["m.xml", "not XML"]),
    "element unknown": (env(), robot("<bodi/>"), ["m.xml:4: bodi"]),
    "attribute unknown": (env(), robot('<geom sise="1"/>'), ["m.xml:4: geom", "sise"]),
    "wrong number": (env(), robot('<geom size="big"/>'), ["m.xml:4: geom", "size"]),
    "deep": (env(), "<a>" * 100000, ["m.xml:1: a", "within each other"]),
    "deep bodies": (env(), robot(f"<body>{JOINT}" * 10000 + "</body>" * 10000), ["m.xml:4: body", "within each other"]),
    "deep defaults": (env(), robot(before="<default>" * 5000 + "</default>" * 5000), ["m.xml:1", "within each other"]),
    "many bodies": (env(), robot(f"<body>{JOINT}</body>" * 10000), ["m.xml:4: body", "2000 bodies"]),
    "many geoms": (env(), robot('<geom size=".1"/>' * 100000), ["m.xml:4: geom", "10000 elements"]),
    "many attributes": (env(), "<mujoco " + " ".join(f'a{i}="1"' for i in range(100000)) + "/>", ["m.xml:1", "100 attributes"]),
    "replicate": (env(), robot('<replicate count="100000"><geom size=".1"/></replicate>'), ["m.xml:4: replicate: count", "2000"]),
    "replicate in replicate": (
        env(),
        robot('<replicate count="1000"><replicate count="1000"><geom size=".1"/></replicate></replicate>'),
        ["m.xml:4: geom", "10000 elements"],
    ),
    "replicate of bodies": (
        env(),
        robot(f'<replicate count="100"><replicate count="100"><body>{JOINT}</body></replicate></replicate>'),
        ["m.xml:4: body", "2000 bodies"],
    ),
    "composite": (env(), robot('<composite type="cable" count="100000 1 1"/>'), ["m.xml:4: composite"]),
    "flexcomp": (env(), robot('<flexcomp name="f" type="grid" count="1000 1000 10"/>'), ["m.xml:4: flexcomp: count", "2000"]),
    "flexcomp, cells": (
        env(),
        robot('<flexcomp name="f" type="grid" count="4 4 4" cellcount="100 100 100"/>'),
        ["m.xml:4: flexcomp: cellcount"],
    ),
    "timestep 0": (env(), robot(before='<option timestep="0"/>'), ["env.yaml:1: model", "timestep", "above 0"]),
    "timestep below 0": (env(), robot(before='<option timestep="-1"/>'), ["env.yaml:1: model", "timestep", "above 0"]),
    "timestep nan": (env(), robot(before='<option timestep="nan"/>'), ["env.yaml:1: model", "timestep", "nan"]),
    "timestep huge": (env(), robot(before='<option timestep="1e300"/>'), ["m.xml:1: option: timestep", "1e300"]),
    "iterations": (env(), robot(before='<option iterations="2000000000"/>'), ["m.xml:1: option: iterations"]),
    "gravity nan": (env(), robot(before='<option gravity="0 0 nan"/>'), ["env.yaml:1: model", "gravity", "nan"]),
    "no memory": (env(), robot(before='<size memory="1"/>'), ["m.xml", "memory"]),
    "much memory": (env(), robot(before='<size memory="1000000G"/>'), ["m.xml:1: size: memory"]),
    "user numbers": (env(), robot(before='<size nuser_body="2000000000"/>'), ["m.xml:1: size: nuser_body"]),
    "keyframes": (env(), robot(before='<size nkey="1000000000"/>'), ["m.xml:1: size: nkey"]),
    "user sensor": (env(), robot(more='<sensor><user dim="2000000000"/></sensor>'), ["m.xml:7: user: dim"]),
    "camera": (env(), robot('<camera resolution="100000 100000"/>'), ["m.xml:4: camera: resolution"]),
    "range nan": (env(), robot('<body><joint limited="true" range="nan nan"/><geom size=".1"/></body>'), ["range of a joint", "nan"]),
    "range infinite": (env(), robot('<body><joint limited="true" range="0 inf"/><geom size=".1"/></body>'), ["range of a joint"]),
    "range reversed": (env(), robot('<body><joint limited="true" range="1 -1"/><geom size=".1"/></body>'), ["m.xml:4", "range"]),
    "size nan": (env(), robot('<geom size="nan"/>'), ["m.xml:4", "nan size"]),
    "size below 0": (env(), robot('<geom size="-1"/>'), ["m.xml:4", "size"]),
    "mass 0": (env(), robot("<body><joint/></body>"), ["m.xml:4", "mass"]),
    "mass below 0": (env(), robot('<body><joint/><geom size=".1" mass="-1"/></body>'), ["m.xml:4", "mass"]),
    "mass nan": (env(), robot('<body><joint/><inertial pos="0 0 0" mass="nan" diaginertia="1 1 1"/></body>'), ["m.xml:4", "mass"]),
    "keyframe of wrong length": (env(), robot(more='<keyframe><key qpos="1 2 3"/></keyframe>'), ["m.xml", "keyframe", "qpos"]),
    "keyframe nan": (env(), robot(more='<keyframe><key qpos="nan"/></keyframe>'), ["keyframe", "nan"]),
    "names twice": (env(), robot('<body name="arm"/>'), ["m.xml:4", "arm"]),
    "no actuators": (env(), robot(motor=""), ["env.yaml:1: model", "no actuators"]),
    "no joints": (env(), robot(body='<site name="s"/>', motor='<general site="s"/>'), ["env.yaml:1: model", "no joints"]),
    "only a world": (env(), "<mujoco/>", ["env.yaml:1: model", "no actuators"]),
    "no ctrlrange": (env(), robot(motor='<motor name="a" joint="hip"/>'), ["actions", "actuator a", "ctrlrange", "scale"]),
    "ctrlrange reversed": (env(), robot(motor='<motor name="a" joint="hip" ctrlrange="1 -1"/>'), ["ctrlrange of actuator a", "1 to -1"]),
    "ctrlrange nan": (
        env(),
        robot(motor='<motor name="a" joint="hip" ctrllimited="true" ctrlrange="nan nan"/>'),
        ["ctrlrange of actuator a", "nan"],
    ),
    "ctrlrange infinite": (env(), robot(motor='<motor name="a" joint="hip" ctrlrange="0 inf"/>'), ["ctrlrange of actuator a", "inf"]),
    "actuator of nothing": (env(), robot(motor='<motor joint="knee"/>'), ["m.xml:6", "knee"]),
    "activations": (env(), robot(motor='<general joint="hip" dyntype="user" actdim="2000000000"/>'), ["m.xml:6: general: actdim"]),
    "plug-in": (env(), robot(before='<extension><plugin plugin="none.such"/></extension>'), ["m.xml:1", "none.such"]),
    "include missing": (env(), robot(more='<include file="none.xml"/>'), ["m.xml:7: include", "none.xml"]),
    "include without file": (env(), robot(more="<include/>"), ["m.xml:7: include", "file"]),
    "include a directory": (env(), robot(more='<include file="robots"/>'), ["robots", "directory"]),
    "include a device": (env(), robot(more='<include file="/dev/zero"/>'), ["/dev/zero", "device"]),
    "include a pipe": (env(), robot(more='<include file="pipe.xml"/>'), ["m.xml:7: include", "pipe.xml", "pipe"]),
    "include itself": (env(), robot(more='<include file="m.xml"/>'), ["m.xml:7: include", "contain itself"]),
    "include in a circle": (env(model="model: loop-a.xml"), None, ["loop-", "contain itself"]),
    "include twice": (env(model="model: twice.xml"), None, ["twice.xml", "already included"]),
    "include thousands": (env(model="model: wide.xml"), None, ["100 files"]),
    "include half an XML": (env(), robot(more='<include file="broken.xml"/>'), ["m.xml", "not XML"]),
    "include a mistake": (env(), robot(more='<include file="inner.xml"/>'), ["m.xml", "sise"]),
    "model in itself": (env(model="model: self.xml"), None, ["self.xml:1: model", "contain itself"]),
    "attach thousands": (
        env(),
        robot('<replicate count="20"><attach model="x" prefix="a"/></replicate>', '<asset><model name="x" file="many.xml"/></asset>'),
        ["m.xml:4: attach", "2000 bodies"],
    ),
    "mesh missing": (env(), asset('<mesh file="none.stl"/>'), ["m.xml", "none.stl"]),
    "mesh a pipe": (env(), asset('<mesh file="pipe.stl"/>'), ["m.xml:7: mesh", "pipe"]),
    "mesh a pipe in meshdir": (
        env(),
        robot(before='<compiler meshdir="robots"/>', more='<asset><mesh file="pipe.stl"/></asset>'),
        ["m.xml:7: mesh", "pipe"],
    ),
    "mesh a device": (env(), asset('<mesh name="m" file="/dev/zero" content_type="model/stl"/>'), ["m.xml:7: mesh", "device"]),
    "mesh no STL": (env(), asset('<mesh file="bad.stl"/>'), ["m.xml:7", "bad.stl"]),
    "mesh that lies": (env(), asset('<mesh file="lying.stl"/>'), ["m.xml:7", "lying.stl"]),
    "mesh of bad faces": (env(), asset('<mesh file="face.obj"/>'), ["m.xml:7", "vertex"]),
    "mesh MSH": (env(), asset('<mesh file="bad.msh"/>'), ["m.xml:7", "bad.msh"]),
    "mesh flat": (env(), asset('<mesh name="m" vertex="0 0 0 1 0 0 0 1 0 1 1 0"/>'), ["m.xml:7", "coplanar"]),
    "mesh nan": (env(), asset('<mesh name="m" vertex="nan 0 0 1 0 0 0 1 0 1 1 1"/>'), ["m.xml:7", "not finite"]),
    "mesh made": (env(), asset('<mesh name="m" builtin="supersphere" params="100000 1 1"/>'), ["m.xml:7: mesh: params"]),
    "mesh made of many": (env(), asset('<mesh name="m" builtin="plate" params="300 300"/>'), ["m.xml:7: mesh: params"]),
    "skin": (env(), asset('<skin name="s" file="bad.skn"/>'), ["m.xml:7", "bad.skn"]),
    "texture missing": (env(), asset('<texture type="2d" file="none.png"/>'), ["m.xml", "none.png"]),
    "texture bad": (env(), asset('<texture type="2d" file="bad.png"/>'), ["m.xml:7", "bad.png"]),
    "texture huge": (env(), asset('<texture name="t" type="2d" builtin="flat" width="100000" height="9"/>'), ["m.xml:7: texture: width"]),
    "texture below 0": (env(), asset('<texture name="t" type="2d" builtin="flat" width="-5" height="9"/>'), ["m.xml:7", "width"]),
    "terrain missing": (env(), asset('<hfield file="none.png" size="1 1 1 1"/>'), ["m.xml", "none.png"]),
    "terrain bad": (env(), asset('<hfield file="bad.hf" size="1 1 1 1"/>'), ["m.xml:7"]),
    "terrain huge": (env(), asset('<hfield name="h" nrow="100000" ncol="100000" size="1 1 1 1"/>'), ["m.xml:7: hfield: nrow"]),
    "URDF": (env(model="model: good.urdf"), None, ["no actuators"]),
    "URDF in a circle": (env(model="model: loop.urdf"), None, ["loop.urdf"]),
    "URDF bad": (env(model="model: bad.urdf"), None, ["bad.urdf:2: joint", "parent"]),
}

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
TEXTS = {
    "empty": ("", None, ["env.yaml", "empty"]),
    "comments": ("# nothing\n", None, ["env.yaml", "empty"]),
    "binary": (bytes(range(256)), None, ["env.yaml:1", "zero byte"]),
    "Latin-1": (env(name="summary: gr\xfcn").encode("latin-1"), None, ["env.yaml:", "0xfc", "UTF-8"]),
    "UTF-16": (env().encode("utf-16"), None, ["env.yaml", "UTF-16"]),
    "a list": ("- model\n", None, ["env.yaml:1", "section"]),
    "a word": ("model\n", None, ["env.yaml:1", "section"]),
    "two documents": (env() + "---\n" + env(), None, ["env.yaml:8", "second"]),
    "tabs": (env(rewards="rewards:\n\t- expr: velocity"), None, ["env.yaml:5", "tab"]),
    "brackets": ("model: [a\n", None, ["env.yaml:2", "not YAML"]),
    "deep": ("model: " + "[" * 100000, None, ["env.yaml:1", "within each other"]),
    "billion laughs": (LAUGHS + env(), None, ["env.yaml:1", "a0"]),
    "recursive": ("observations: &a [*a]\n" + env(observations=None), None, ["env.yaml"]),
    "recursive reward": ("rewards: [&a {expr: *a}]\n" + env(rewards=None), None, ["env.yaml:1"]),
    "long": ("# " + "x" * (2 << 20) + "\n" + env(), None, ["env.yaml", "longer than"]),
    "a key twice": (env(more="horizon: 9\nhorizon: 8"), None, ["env.yaml:9", "horizon", "twice"]),
    "key unknown": (env(more="horizn: 9"), None, ["env.yaml:8", "horizn", "horizon"]),
    "name with commas": (env(more='name: "a,b"'), None, ["env.yaml:8: name", "comma"]),
    "name long": (env(more="name: " + "x" * 300), None, ["env.yaml:8: name", "63 letters"]),
    "name not text": (env(more="name: {a: b}"), None, ["env.yaml:8: name"]),
    "summary a list": (env(more="summary: [a]"), None, ["env.yaml:8: summary"]),
    "frame_skip 0": (env(more="frame_skip: 0"), None, ["env.yaml:8: frame_skip", "1 to 10000"]),
    "frame_skip 1e9": (env(more="frame_skip: 1e9"), None, ["env.yaml:8: frame_skip", "1 to 10000"]),
    "frame_skip 1.5": (env(more="frame_skip: 1.5"), None, ["env.yaml:8: frame_skip", "whole"]),
    "frame_skip text": (env(more="frame_skip: four"), None, ["env.yaml:8: frame_skip", "four"]),
    "period no multiple": (env(more="control_period: 0.0031"), None, ["env.yaml:8: control_period", "multiple", "0.004"]),
    "period 0": (env(more="control_period: 0"), None, ["env.yaml:8: control_period"]),
    "period and frame_skip": (env(more="control_period: 0.004\nframe_skip: 2"), None, ["control_period", "frame_skip"]),
    "horizon 0": (env(more="horizon: 0"), None, ["env.yaml:8: horizon", "1 to"]),
    "horizon nan": (env(more="horizon: .nan"), None, ["env.yaml:8: horizon"]),
    "root unknown": (env(more="root: amr"), None, ["env.yaml:8: root", "amr", "arm"]),
    "root the world": (env(more="root: world"), None, ["env.yaml:8: root", "world"]),
    "root of two": (env(more='root: "*"'), robot(f'<body name="b">{JOINT}</body>'), ["env.yaml:8: root"]),
}

PARTS_OF_FILES = {
    "no observations": (env(observations=None), None, ["env.yaml:1", "observations are missing"]),
    "observations empty": (env(observations="observations: []"), None, ["env.yaml:2: observations", "list"]),
    "observations nothing": (env(observations="observations:"), None, ["env.yaml:2: observations", "list"]),
    "observations a word": (env(observations="observations: joint_pos"), None, ["env.yaml:2: observations", "list"]),
    "observation unknown": (obs("joint_poss"), None, ["env.yaml:3", "joint_poss", "joint_pos"]),
    "observation of nothing": (obs("joint_pos: [hipp]"), None, ["env.yaml:3", "hipp", "hip"]),
    "observation of no names": (obs("joint_pos: []"), None, ["env.yaml:3", "joint_pos"]),
    "observation key unknown": (obs("joint_pos: {jonts: hip}"), None, ["env.yaml:3: joint_pos", "jonts", "joints"]),
    "observation of two": (obs("{joint_pos: hip, joint_vel: hip}"), None, ["env.yaml:3", "one term a line"]),
    "observation a list": (obs("[a, b]"), None, ["env.yaml:3"]),
    "observation twice named": (obs("joint_pos: {joints: hip, bodies: arm}"), None, ["env.yaml:3", "bodies"]),
    "observation empty": (obs('""'), None, ["env.yaml:3", "empty"]),
    "clip reversed": (obs("joint_pos: {clip: [1, -1]}"), None, ["env.yaml:3: clip", "lowest"]),
    "clip of one": (obs("joint_pos: {clip: 1}"), None, ["env.yaml:3: clip", "2"]),
    "clip of text": (obs("joint_pos: {clip: [a, b]}"), None, ["env.yaml:3: clip", "'a'"]),
    "scale text": (obs("joint_pos: {scale: big}"), None, ["env.yaml:3: scale", "big"]),
    "observation times 0": (obs("joint_pos: {scale: 0}"), None, ["env.yaml:3: scale", "always be 0"]),
    "size 0": (obs("joint_pos: {size: 0}"), None, ["env.yaml:3: size"]),
    "thousands of numbers": (env(observations="observations:" + "\n  - contact_forces" * 250), robot('<body/>' * 100), ["4096"]),
    "thousands of terms": (env(observations="observations:" + "\n  - joint_pos" * 300), None, ["env.yaml:3: observations", "256"]),
    "expression's end": (obs('expr: "1 +"'), None, ["env.yaml:3: expr", "column 4"]),
    "expression's bracket": (obs('expr: "(1"'), None, ["env.yaml:3: expr", "column"]),
    "expression of nothing": (obs('expr: ""'), None, ["env.yaml:3: expr", "empty"]),
    "expression's name": (obs('expr: "velocty"'), None, ["env.yaml:3: expr", "velocty", "velocity"]),
    "expression's letter": (obs('expr: "1 $ 2"'), None, ["env.yaml:3: expr", "column 3"]),
    "expression deep": (obs('expr: "' + "(" * 2000 + "1" + ")" * 2000 + '"'), None, ["env.yaml:3: expr", "column"]),
    "expression long": (obs('expr: "1' + " + 1" * 50000 + '"'), None, ["env.yaml:3: expr"]),
    "expression's index": (obs('expr: "joint_pos[5]"'), None, ["env.yaml:3: expr", "column"]),
    "expression's sizes": (obs('expr: "body_pos(arm) + action[0:1] * body_quat(arm)"'), None, ["env.yaml:3: expr", "column"]),
    "no rewards": (env(rewards=None), None, ["env.yaml:1", "rewards are missing"]),
    "rewards empty": (env(rewards="rewards: []"), None, ["env.yaml:4: rewards", "list"]),
    "reward unknown": (reward("forwrd"), None, ["env.yaml:5", "forwrd", "forward"]),
    "reward setting unknown": (reward("control: {wieght: 1}"), None, ["env.yaml:5", "wieght", "weight"]),
    "reward of three": (reward('expr: "body_pos(arm)"'), None, ["env.yaml:5: rewards", "3 numbers"]),
    "weight text": (reward("control: {weight: heavy}"), None, ["env.yaml:5: weight", "heavy"]),
    "weight nan": (reward("control: {weight: .nan}"), None, ["env.yaml:5: weight"]),
    "weight a list": (reward("control: {weight: [1]}"), None, ["env.yaml:5: weight", "single value"]),
    "reward of a list": (reward("control: [1, 2]"), None, ["env.yaml:5: control", "settings"]),
    "ends a word": (env(ends="terminations: height"), None, ["env.yaml:8: terminations", "list"]),
    "ending unknown": (ends("hight: {below: 1}"), None, ["env.yaml:9", "hight", "height"]),
    "ending without limits": (ends("height"), None, ["env.yaml:9", "height"]),
    "ending text": (ends("height: {below: low}"), None, ["env.yaml:9", "low"]),
    "ending of three": (ends('expr: "body_pos(arm)"'), None, ["env.yaml:9: terminations", "3 numbers"]),
    "start a list": (env(start="start: [1]"), None, ["env.yaml:8: start", "section"]),
    "start key unknown": (env(start="start: {qpo: [1]}"), None, ["env.yaml:8: start", "qpo", "qpos"]),
    "qpos of two": (env(start="start: {qpos: [1, 2]}"), None, ["env.yaml:8: qpos", "1"]),
    "qpos nan": (env(start="start: {qpos: [.nan]}"), None, ["env.yaml:8: qpos"]),
    "keyframe unknown": (env(start="start: {keyframe: home}"), None, ["env.yaml:8: keyframe", "home"]),
    "joint unknown": (env(start="start: {joint_pos: {hop: 1}}"), None, ["env.yaml:8", "hop", "hip"]),
    "noise below 0": (env(start="start: {position_noise: {normal: -1}}"), None, ["env.yaml:8: normal", "0 to"]),
    "noise of two": (env(start="start: {position_noise: {normal: 1, uniform: 1}}"), None, ["position_noise", "uniform"]),
    "noise a number": (env(start="start: {position_noise: 0.1}"), None, ["env.yaml:8: position_noise"]),
    "actions a word": (env(actions="actions: all"), None, ["env.yaml:8: actions", "list"]),
    "actions nothing": (env(actions="actions: []"), None, ["env.yaml:8: actions", "no actuator"]),
    "actuator unknown": (env(actions="actions: [{actuators: hop}]"), None, ["env.yaml:8: actuators", "hop", "hip"]),
    "actuator twice": (env(actions="actions: [{actuators: hip}, {actuators: hip}]"), None, ["env.yaml:8: actuators", "twice"]),
    "action key unknown": (env(actions="actions: [{actuator: hip}]"), None, ["env.yaml:8: actions", "actuators"]),
    "scale 0": (env(actions="actions: [{actuators: hip, scale: 0}]"), None, ["env.yaml:8", "scale"]),
    "center text": (env(actions="actions: [{actuators: hip, center: middle}]"), None, ["env.yaml:8: center", "middle"]),
}

TASKS = {
    "no task": (env(task=None, rewards="rewards: [alive]"), None, ["env.yaml:1", "task"]),
    "task empty": (env(task="task: {}", rewards="rewards: [alive]"), None, ["env.yaml:5: task", "empty"]),
    "task a list": (env(task="task: [velocity]"), None, ["env.yaml:6: task", "section"]),
    "number of nothing": (number(""), None, ["env.yaml:7: velocity"]),
    "number a number": (number("2"), None, ["env.yaml:7: velocity", "{fixed: 2}"]),
    "number twice": (env(task="task:\n  velocity: {fixed: 1}\n  velocity: {fixed: 2}"), None, ["env.yaml:8", "velocity", "twice"]),
    "number of two draws": (number("{fixed: 1, uniform: [0, 1]}"), None, ["env.yaml:7", "uniform", "fixed"]),
    "draw unknown": (number("{unform: [0, 1]}"), None, ["env.yaml:7", "unform", "uniform"]),
    "choice empty": (number("{choice: []}"), None, ["env.yaml:7", "choice"]),
    "choice of text": (number("{choice: [left, right]}"), None, ["env.yaml:7", "left"]),
    "choice of thousands": (number(f"{{choice: {list(range(1000))}}}"), None, ["env.yaml:7"]),
    "uniform reversed": (number("{uniform: [2, 0]}"), None, ["env.yaml:7", "below"]),
    "uniform of three": (number("{uniform: [0, 1, 2]}"), None, ["env.yaml:7", "2 numbers"]),
    "uniform nan": (number("{uniform: [0, .nan]}"), None, ["env.yaml:7"]),
    "log_uniform below 0": (number("{log_uniform: [-2, 1]}"), None, ["env.yaml:7", "above 0"]),
    "normal of 0": (number("{normal: [0, 0]}"), None, ["env.yaml:7", "above 0"]),
    "known too narrow": (number("{uniform: [0, 2], known: [0, 1]}"), None, ["env.yaml:7: known", "0 to 2"]),
    "unit long": (number("{fixed: 1, unit: " + "m" * 50 + "}"), None, ["env.yaml:7: unit", "letters"]),
    "65 numbers": (env(task="task:\n" + "\n".join(f"  n{i}: {{fixed: 1}}" for i in range(65))), None, ["env.yaml:71: n64", "64"]),
    "number with a blank": (env(task="task:\n  'a b': {fixed: 1}"), None, ["env.yaml:7: task", "a b"]),
    "number a quantity": (env(task="task:\n  joint_pos: {fixed: 1}"), None, ["env.yaml:7: task", "joint_pos", "goal_joint_pos"]),
    "number action": (env(task="task:\n  action: {fixed: 1}"), None, ["env.yaml:7: task", "action"]),
    "randomize a word": (env(randomize="randomize: mass"), None, ["env.yaml:8: randomize", "list"]),
    "change unknown": (change("mas: {factor: {fixed: 1}}"), None, ["env.yaml:9", "mas", "mass"]),
    "change of nothing": (change("mass: {bodies: amr, factor: {fixed: 1}}"), None, ["env.yaml:9", "amr", "arm"]),
    "change of others": (change("mass: {joints: hip, factor: {fixed: 1}}"), None, ["env.yaml:9: mass", "joints"]),
    "change without": (change("mass: {}"), None, ["env.yaml:9: mass", "factor"]),
    "change alone": (change("mass"), None, ["env.yaml:9"]),
    "change key unknown": (change("mass: {facto: {fixed: 1}}"), None, ["env.yaml:9: mass", "facto", "factor"]),
    "factor and value": (change("mass: {factor: {fixed: 1}, value: {fixed: 1}}"), None, ["env.yaml:9: mass", "one of them"]),
    "factor below 0": (change("mass: {factor: {uniform: [-1, 1]}}"), None, ["env.yaml:9: randomize: mass", "0.001"]),
    "factor huge": (change("mass: {factor: {uniform: [1, 1e9]}}"), None, ["env.yaml:9: randomize: mass", "1000"]),
    "each on gravity": (change("gravity: {value: {fixed: -9}, each: true}"), None, ["env.yaml:9", "each"]),
    "each a word": (change("mass: {factor: {fixed: 1}, each: yes}"), None, ["env.yaml:9: each", "true"]),
    "each of thousands": (
        change('mass: {factor: {uniform: [1, 2]}, each: true, bodies: "*"}'),
        robot("".join(f'<body name="b{i}">{JOINT}</body>' for i in range(100))),
        ["env.yaml:9", "64"],
    ),
    "look a word": (env(look="look: nice"), None, ["env.yaml:8: look", "section"]),
    "look unknown": (env(look="look: {azimut: 3}"), None, ["env.yaml:8: look", "azimut", "azimuth"]),
    "look far": (env(look="look: {distance: 1e9}"), None, ["env.yaml:8: distance"]),
    "look at nothing": (env(look="look: {track: amr}"), None, ["env.yaml:8: track", "amr", "arm"]),
    "goal unknown": (env(look="look: {goal: speed}"), None, ["env.yaml:8: goal", "speed", "velocity"]),
    "goal without numbers": (env(look="look: {goal: place}"), None, ["env.yaml:8: goal", "2 numbers"]),
    "goal of other numbers": (env(look="look: {goal: velocity, goal_numbers: [x]}"), None, ["env.yaml:8: goal_numbers", "x"]),
    "planar maybe": (env(look="look: {planar: maybe}"), None, ["env.yaml:8: planar", "true"]),
    "protocol unknown": (env(more="protocol: {trajectory: 3}"), None, ["env.yaml:8: protocol", "trajectory", "trajectories"]),
    "protocol of 0": (env(more="protocol: {trajectories: 0}"), None, ["env.yaml:8: trajectories", "1 to"]),
}


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def prepare(folder, text, mjcf):
    """The files that a text may name, and itself."""
    for name, content in FILES.items():
        write(f"{folder}/{name}", content)
    for pipe in ("pipe.xml", "pipe.stl", "robots/pipe.stl"):
        os.mkfifo(f"{folder}/{pipe}")
    os.symlink("link.xml", f"{folder}/link.xml")
    write(f"{folder}/m.xml", robot() if mjcf is None else mjcf)
    write(f"{folder}/env.yaml", text)
    return sorted(os.listdir(folder))


def run(kshot, folder, path, *options):
    start = time.monotonic()
    try:
        result = subprocess.run(
            [kshot, "check", path, *options], cwd=folder, capture_output=True, text=True, errors="replace", timeout=4 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return None, f"takes more than {4 * SECONDS} s"
    seconds = time.monotonic() - start
    return result, f"exit code {result.returncode} after {seconds:.1f} s, stdout {result.stdout[-300:]!r}, stderr {result.stderr!r}"


def wrong(result, said, code, mentions, folder):
    """What is not as it should be of a call; None: nothing."""
    if result is None:
        return said
    if result.returncode != code:
        return f"exit code {code} expected: {said}"
    if code == 2 and (not result.stderr.startswith("kshot: ") or result.stderr.count("\n") != 1 or result.stdout):
        return f"one line expected: {said}"
    if code == 0 and result.stderr:
        return f"no errors expected: {said}"
    for text in mentions:
        if text not in result.stderr + result.stdout:
            return f"'{text}' expected: {said}"
    if result.stderr.count(folder) > 1:
        return f"the folder is named twice: {said}"
    return None


def try_case(kshot, name, case, code):
    text, mjcf, mentions = case
    with memory_folder() as folder:
        before = prepare(folder, text, mjcf)
        result, said = run(kshot, folder, "env.yaml")
        problem = wrong(result, said, code, mentions, folder)
        after = sorted(os.listdir(folder))
        if not problem and after != before:
            problem = f"left behind: {set(after) - set(before)}"
        if os.environ.get("KSHOT_TEST_VERBOSE"):
            print(f"{name}: {said}", flush=True)
        return problem and f"{name}: {problem}"


def odd_paths(kshot):
    """Files that cannot be read at all: what to check, and what must be mentioned."""
    with memory_folder() as folder:
        prepare(folder, env(), robot())
        os.mkfifo(f"{folder}/pipe.yaml")
        os.symlink("loop.yaml", f"{folder}/loop.yaml")
        os.symlink("/dev/zero", f"{folder}/zero.yaml")
        os.mkdir(f"{folder}/folder.yaml")
        cases = [
            ("none.yaml", "No such file"),
            ("pipe.yaml", "pipe"),
            ("loop.yaml", "symbolic links"),
            ("zero.yaml", "neither a file nor a pipe"),
            ("folder.yaml", "directory"),
            ("x" * 5000 + ".yaml", "1023 letters"),
            ("x" * 300 + ".yaml", "too long"),
            ("a/" * 400 + "x.yaml", "No such file"),
            ("./m.xml", "m.xml"),
            ("./good.urdf", "good.urdf"),
        ]
        if os.geteuid() != 0:
            os.chmod(f"{folder}/m.xml", 0)
            cases.append(("env.yaml", "Permission denied"))
        for path, mention in cases:
            result, said = run(kshot, folder, path)
            problem = wrong(result, said, 2, [mention], folder)
            if problem:
                yield f"{path[:40]}: {problem}"


def memory(kshot):
    """A world that has no room for its contacts is unstable, not the end of the program."""
    world = '<geom type="plane" size="9 9 1"/><replicate count="30" offset="0 0 .1"><body pos="0 0 1"><freejoint/><geom size=".1"/></body></replicate>'
    for size in (20, 30, 60, 100):
        with memory_folder() as folder:
            prepare(folder, env(), robot(world, before=f'<size memory="{size}K"/>'))
            result, said = run(kshot, folder, "env.yaml")
            good = result and result.returncode in (0, 1, 2) and result.stderr.count("\n") <= 1 and "MUJOCO" not in str(os.listdir(folder))
            if not good or "mj_" in result.stdout:
                yield f"memory of {size}K: {said}"


def shipped(kshot):
    """What ships is fine, as a file as well."""
    stable = os.path.join(os.path.dirname(HERE), "envs", "stable")
    names = sorted(name for name in os.listdir(stable) if name.endswith(".yaml"))
    for name in names:
        result, said = run(kshot, stable, f"{stable}/{name}", "--steps", "300")
        if not result or result.returncode != 0 or result.stderr:
            yield f"{name}: {said}"
    if not names:
        yield "nothing ships"


def main():
    kshot = os.path.abspath(sys.argv[1])
    words = [word for word in sys.argv[2:] if word]
    groups = [(FINE, 0)] + [(group, 2) for group in (MODELS, TEXTS, PARTS_OF_FILES, TASKS)]
    cases = [(name, case, code) for group, code in groups for name, case in group.items() if not words or name in words]
    with ThreadPoolExecutor(4) as pool:
        problems = [p for p in pool.map(lambda c: try_case(kshot, *c), cases) if p]
    if not words:
        problems += [*odd_paths(kshot), *memory(kshot)]
        problems += shipped(kshot)
    print("\n".join(problems))
    print(f"{len(cases)} cases, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
