#!/usr/bin/env python3
"""test_robot_replay.py KSHOT ROOT: an environment is its file. Rollouts of every environment that ships as a file, and of files for
Gymnasium's own models, are computed again by robot_replay.py, which knows the file and MuJoCo and nothing of kshot; and it is seen to
notice a file that was changed afterwards."""

import importlib.util
import os
import re
import shutil
import sys

from kshot_cli import Kshot, memory_folder, settings

sys.path.insert(0, os.path.join(sys.argv[2], ".deps", "python"))
import robot_replay  # noqa: E402 (MuJoCo's package is found there)
import robot_terms  # noqa: E402

STABLE = os.path.join(sys.argv[2], "envs", "stable")
SMALL = settings(iterations=0, policy__hidden="[8]")

# all words of quantities that a humanoid has, many words of rewards, of terminations, and of dynamics
HUMANOID = """
model: humanoid.xml
control_period: 0.015
root: torso
actions:
  - {actuators: ["abdomen*", right_knee], center: 0.05, scale: 0.3}
  - actuators: ["left_*", "right_hip_[xz]"]
    scale: 0.35
observations:
  - qpos: {name: everything, scale: 0.5}
  - qvel: {clip: [-2, 3]}
  - {expr: "[time, pi, .5e1, -2^2, 2^-1, size(qpos)] * [1, 1, 1, 1, 1, 2]", scale: 0.1}
  - joint_pos: ["root", "right_*", "right_knee"]
  - joint_pos_rel
  - joint_pos_limit_normalized
  - joint_lower_limit: {joints: "left*"}
  - joint_upper_limit: left_knee
  - joint_vel: {joints: actuated, clip: [-50, 50], scale: 0.02}
  - joint_acc: {scale: 1e-3}
  - joint_torque
  - joint_constraint_force: {scale: 0.001}
  - base_pos
  - base_height
  - base_quat
  - base_rpy
  - base_lin_vel
  - base_ang_vel
  - base_lin_vel_w
  - base_ang_vel_w
  - base_lin_vel_yaw
  - root_progress_vel
  - projected_gravity: {bodies: [torso, lwaist, "*_foot"]}
  - upright: pelvis
  - heading: {bodies: "*_lower_arm"}
  - body_pos: ["*_foot", world]
  - body_quat: {bodies: left_foot}
  - body_mat
  - body_lin_vel: "*"
  - body_ang_vel: "*_shin"
  - body_lin_acc: {bodies: [lwaist, right_foot], scale: 0.01}
  - body_com_pos: "l*"
  - com_pos: [torso, left_thigh]
  - com_lin_vel: [torso, right_thigh]
  - angular_momentum: [torso, left_upper_arm]
  - body_contact: "*"
  - body_contact_force: {bodies: "*_foot", clip: [-10000, 10000], scale: 0.001}
  - contact_forces: {clip: [-1, 1]}
  - cinert
  - cvel
  - geom_pos: {geoms: ["*_foot", head]}
  - geom_lin_vel: left_hand
  - geom_contact: [floor, "*_foot", head]
  - geom_slip: {geoms: ["*_foot", butt]}
  - ctrl
  - actuator_force: {scale: 0.01}
  - actuator_length
  - actuator_vel: {actuators: "abdomen*"}
  - tendon_length
  - tendon_vel: left_hipknee
  - last_action
rewards:
  - forward: {weight: 1.25, direction: [direction, 0.5], of: root}
  - alive: {weight: 5}
  - speed: {target: speed, of: progress}
  - track_lin_vel: {target: [speed, 0], std: 2, frame: yaw, weight: 2}
  - track_lin_vel: {target: [0, speed, -0.5], frame: world, name: up}
  - track_ang_vel: {target: -0.1, std: 0.7}
  - track_height: {target: 1.3, body: lwaist}
  - heading: {target: direction, weight: 0.1}
  - distance: {target: [1, -2], weight: -0.3}
  - reach: {target: [0, 0, 2], std: 0.4, body: right_lower_arm}
  - upright
  - height: {weight: 0.5, body: pelvis}
  - base_height: {target: 1.4, weight: -1}
  - flat_orientation: {weight: -1}
  - lin_vel_z: {weight: -0.1}
  - ang_vel_xy: {weight: -0.05}
  - posture: {std: 0.8}
  - control: {weight: -0.1}
  - action_rate: {weight: -0.01}
  - energy: {weight: -1e-3}
  - joint_torque_l2: {weight: -1e-5}
  - joint_vel_l2: {weight: -1e-4, joints: ["*"]}
  - joint_acc_l2: {weight: -1e-8}
  - joint_deviation_l1: {weight: -0.01, joints: [abdomen_y, abdomen_z]}
  - joint_limits: {weight: -1, soft: 0.1}
  - contact_cost: {weight: -5e-4, limit: 2, bodies: "*"}
  - contact: {weight: 0.1, bodies: ["*_foot"], geoms: [floor]}
  - slip: {weight: -0.1, geoms: "*_foot"}
  - expr: where(body_pos[2] > 1.3 and not (qvel[2] < 0), max(action[0:3], -0.2)[-1], smallest([1, qpos[3:]]))
    weight: 0.7
  - {expr: "norm1(qvel[0:3]) + dot(qpos[3:7], qpos[3:7]) + mean(abs(action)) + clip(largest(qvel), -1, 1) + floor(3.7)", name: much}
terminations:
  - height: {below: 0.9, above: 2}
  - tilt: {above: 1.5, body: torso}
  - contact: {geoms: [head], bodies: "*_lower_arm"}
  - distance: {above: 50}
  - joint_pos: {joints: "*_knee", below: -3.5, above: 1}
  - joint_vel: {above: 1e4}
  - expr: any(abs(qpos) > 1e3) or time > 0.4
start:
  position_noise: {normal: 0.02}
  velocity_noise: {uniform: 0.05}
task:
  direction: {choice: [-1, 1]}
  speed: {uniform: [0.5, 1.5], unit: m/s}
"""

# dynamics, of walking and of hopping
WALKER = """
model: walker2d_v5.xml
frame_skip: 4
observations:
  - joint_pos: [rootz, rooty, "*_joint"]
  - joint_vel: {clip: [-10, 10]}
  - expr: "[gravity, wind_x, mass_thigh]"
  - projected_gravity
rewards:
  - forward: {of: progress}
  - alive
  - control: {weight: -0.001}
terminations:
  - height: {below: 0.8, above: 2}
start:
  joint_pos: {"leg*": -0.1, rooty: 0.05}
  position_noise: {uniform: 0.005}
task:
  unused: {fixed: 1}
randomize:
  - payload: {added: {uniform: [0, 2]}}
  - gravity: {value: {uniform: [-12, -7]}}
  - mass: {bodies: "*", factor: {log_uniform: [0.5, 2]}, each: true}
  - mass: {name: mass_thigh, bodies: [thigh, foot], added: {uniform: [0.1, 0.5]}}
  - inertia_y: {bodies: "leg*", factor: {uniform: [0.8, 1.2]}}
  - com_z: {bodies: foot_left, added: {uniform: [-0.02, 0.02]}}
  - friction: {value: {uniform: [0.4, 1.4]}}
  - damping: {joints: "*", factor: {log_uniform: [0.5, 2]}}
  - armature: {joints: "leg*", added: {uniform: [0, 0.02]}}
  - stiffness: {joints: thigh_joint, value: {uniform: [0, 5]}}
  - frictionloss: {joints: "*_joint", value: {uniform: [0, 0.3]}}
  - gear: {actuators: "#1", factor: {uniform: [0.8, 1.2]}}
  - motor_strength: {actuators: ["#0", "#[1-3]"], factor: {choice: [0.5, 1]}, each: true}
  - lost_motor: {value: {choice: [-1, 4, 5]}}
  - density: {value: {fixed: 1.2}}
  - viscosity: {value: {normal: [1e-3, 1e-4]}}
  - wind_x: {value: {uniform: [-5, 5]}}
"""

STANDING = """
model: humanoid.xml
frame_skip: 5
observations: [qvel, tendon_length, {contact_forces: "*_foot"}]
rewards: [upright, {energy: {weight: -0.001}}]
start:
  qpos: [0, 0, 1.28, 2, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  position_noise: {uniform: 0.01}
randomize:
  - mass_only: {bodies: "*_shin", factor: {uniform: [0.5, 1.5]}, each: true}
  - inertia: {factor: {uniform: [0.8, 1.3]}}
  - inertia_x: {bodies: lwaist, factor: {uniform: [0.8, 1.3]}}
  - inertia_z: {bodies: [pelvis, "*_thigh"], factor: {uniform: [0.8, 1.3]}, each: true}
  - com_x: {bodies: [lwaist, "*_thigh"], added: {uniform: [-0.02, 0.02]}}
  - com_y: {bodies: pelvis, added: {normal: [0, 0.01]}}
  - friction_torsional: {factor: {uniform: [0.5, 2]}}
  - friction_rolling: {geoms: "*_foot", value: {uniform: [0, 0.01]}}
  - damping: {value: {uniform: [1, 5]}}
  - armature: {joints: ["right_hip_*"], factor: {uniform: [0.5, 2]}, each: true}
  - stiffness: {factor: {uniform: [0.5, 2]}}
  - tendon_stiffness: {tendons: left_hipknee, value: {uniform: [0, 10]}}
  - tendon_damping: {tendons: "*", value: {uniform: [0, 1]}, each: true}
  - wind_y: {value: {uniform: [-5, 5]}}
  - density: {value: {uniform: [1, 1.5]}}
  - gravity: {factor: {uniform: [0.8, 1.2]}}
"""
# kshot's own sine differs from others' in the last digit
SLOPE = """
model: walker2d_v5.xml
frame_skip: 4
observations: [qpos, projected_gravity]
rewards: [forward]
randomize:
  - slope_direction: {value: {uniform: [-180, 180]}}
  - slope: {value: {uniform: [-10, 10]}}
  - slope: {name: more, value: {choice: [0, 5]}}
"""

QUADRUPED = """
model: quadruped.xml
frame_skip: 5
actions: {actuators: "*", center: start, scale: 0.35}
observations:
  - sensor
  - sensor: [gyro, "*_touch"]
  - site_pos: {sites: ["*_foot", imu]}
  - site_mat: imu
  - site_lin_vel: "FL*"
  - site_ang_vel: imu
  - base_lin_vel
  - action
  - expr: action
  - expr: last_action
rewards:
  - track_lin_vel: {target: 0.5}
  - slip: {geoms: "*", weight: -0.01}
  - energy: {weight: -0.001}
  - action_rate: {weight: -0.1}
terminations:
  - tilt: {above: 1}
start:
  keyframe: home
  position_noise: {normal: 0.02}
  velocity_noise: {normal: 0.05}
randomize:
  - motor_damping: {factor: {uniform: [0.5, 2]}}
  - motor_gain: {factor: {uniform: [0.7, 1.3]}}
  - motor_limit: {actuators: "FL*", factor: {uniform: [0.7, 1.3]}}
  - mass_only: {bodies: trunk, value: {uniform: [5, 8]}}
  - friction: {factor: {uniform: [0.3, 1]}}
"""


# the document's own example, word for word
def example():
    with open(os.path.join(sys.argv[2], "docs", "robots.md")) as file:
        return re.search(r"```yaml\n(.*?)```", file.read(), re.S).group(1)


RUNNER = """
model: walker2d_v5.xml
frame_skip: 4
observations:
  - joint_pos: {joints: [rootz, rooty, "*_joint", "*_left_joint"]}
  - joint_vel: {clip: [-10, 10]}
rewards:
  - alive: {weight: 1}
  - expr: -abs(com_lin_vel(torso)[0] - velocity)
    weight: 0.7
  - control: {weight: -0.001}
terminations:
  - height: {below: 0.8, above: 2}
  - expr: abs(joint_pos(rooty)) > 1
start:
  position_noise: {uniform: 0.005}
  velocity_noise: {uniform: 0.004}
task:
  velocity: {uniform: [0, 2], unit: m/s}
"""
HOPPER = """
model: hopper.xml
frame_skip: 4
observations: [qpos, qvel, last_action]
rewards: [{forward: {weight: 2}}, {expr: "-square(goal - qpos[0])", weight: 0.25}]
terminations: [{height: {below: 0.7}}, {joint_pos: {joints: rooty, below: -0.2, above: 0.2}}]
actions:
  - {actuators: "#1", center: 0.25, scale: 0.5}
  - {actuators: "#0"}
start:
  qpos: [0.1, 1.25, 0.02, -0.1, -0.05, 0.03]
  position_noise: {uniform: 0.02}
  velocity_noise: {normal: 0.1}
task: {goal: {log_uniform: [0.5, 4]}}
randomize: [{gravity: {factor: {uniform: [0.5, 1.5]}}}]
"""

# what may be changed in the files above once a rollout is there, and where it shows
MUTATIONS = {
    "runner": [("frame_skip: 4", "frame_skip: 5", "qpos after"), ("weight: -0.001", "weight: -0.002", "reward"),
               ("below: 0.8", "below: 1.2", "it here"), ("0.004", "0.003", "noise"), ("0.005", "0.01", "noise"), ("[-10, 10]", "[-1, 10]", "observation"),
               ("[0, 2], unit", "[0, 0.2], unit", "velocity"), ("weight: 0.7", "weight: 0.71", "reward")],
    "hopper": [("center: 0.25", "center: 0.24", "qpos after"), ("scale: 0.5", "scale: 0.6", "qpos after"),
               ("0.02, -0.1", "0.07, -0.1", "noise"),
               ("below: -0.2, above: 0.2", "below: -0.6, above: 0.6", "does not end them"),
               ("last_action]", "{joint_pos: [rootx, foot_joint]}]", "observation"),
               ("factor: {uniform: [0.5", "value: {uniform: [0.5", "qpos after")],
}


def rolled_out(kshot, folder, env, name, horizon=40, trajectories=5):
    run, out = f"{folder}/{name}-run", f"{folder}/{name}.safetensors"
    kshot.done("train", "--env", env, *SMALL, "-o", run, "-j", 1)
    kshot.done("rollout", run, "--trajectories", trajectories, "--horizon", horizon, "-o", out, "-j", 1)
    return out


def words(kshot):
    """Whatever word is new in kshot is to be written a second time here."""
    said = kshot.done("envs", "--terms")
    found = {}
    for line in said.splitlines():
        if line and not line.startswith(" "):
            section = found.setdefault(line.split()[0].rstrip(":"), [])
        elif re.match(r"  [a-z]", line):
            section.append(line.split()[0])
    assert set(found["quantities"]) == {*robot_terms.OF_OBJECTS, *robot_terms.OF_NOTHING}
    assert set(found["rewards"]) == set(robot_terms.REWARDS)
    assert set(found["terminations"]) == set(robot_terms.TERMINATIONS)
    assert found["randomize"] == list(robot_replay.DYNAMICS), "in the order in which changes are made"
    texts = HUMANOID + WALKER + STANDING + SLOPE + QUADRUPED
    untried = [word for section in found.values() for word in section if not re.search(rf"\b{word}\b", texts)]
    assert untried == ["activation"], f"no file here has {untried}"


def stable(kshot, folder):
    names = sorted(name[:-5] for name in os.listdir(STABLE) if name.endswith(".yaml"))
    assert len(names) >= 16 and {"half-cheetah-vel-file", "ant-dir-file"} <= set(names)
    for name in names:
        out = rolled_out(kshot, folder, name, name)
        trajectories, steps, ends = robot_replay.check(f"{STABLE}/{name}.yaml", out)
        print(f"{name}: {trajectories} trajectories, {steps} steps, {ends} ends")


def strangers(kshot, folder):
    """Models as Gymnasium's package installs them, and one of ours, with files that use about every word."""
    assets = os.path.join(importlib.util.find_spec("gymnasium").submodule_search_locations[0], "envs", "mujoco", "assets")
    for model in (f"{assets}/walker2d_v5.xml", f"{assets}/hopper.xml", f"{assets}/humanoid.xml", f"{STABLE}/quadruped.xml"):
        shutil.copy(model, folder)
    files = (("walker", example()), ("runner", RUNNER), ("hopper", HOPPER), ("humanoid", HUMANOID), ("changed-walker", WALKER),
             ("standing", STANDING), ("slope", SLOPE), ("quadruped", QUADRUPED))
    for name, text in files:
        path = f"{folder}/{name}.yaml"
        with open(path, "w") as file:
            file.write(text)
        out = rolled_out(kshot, folder, path, name, horizon=60 if name in MUTATIONS else 25)
        trajectories, steps, ends = robot_replay.check(path, out, tolerance=1e-9 if name == "slope" else 0)
        print(f"{name}: {trajectories} trajectories, {steps} steps, {ends} ends")
        for before, after, where in MUTATIONS.get(name, []):
            assert text.count(before) == 1, (name, before)
            with open(f"{folder}/changed.yaml", "w") as file:
                file.write(text.replace(before, after))
            try:
                robot_replay.check(f"{folder}/changed.yaml", out)
            except robot_replay.Difference as difference:
                assert where in str(difference), (name, before, after, str(difference))
            else:
                raise AssertionError(f"{name}: nothing was noticed of {after} in place of {before}")


def seeing(kshot, folder):
    """An oracle's observations end with the task."""
    run, out = f"{folder}/oracle", f"{folder}/oracle.safetensors"
    kshot.done("train", "--env", "hopper-rand", *SMALL, "-s", "method=oracle", "-o", run, "-j", 1)
    kshot.done("rollout", run, "--trajectories", 2, "-o", out, "-j", 1)
    robot_replay.check(f"{STABLE}/hopper-rand.yaml", out, oracle=True)


def breaking(kshot, folder):
    """Motors that no robot stands: trajectories end before the step in which the physics break down, and all before is as ever."""
    with open(f"{folder}/hopper.xml") as file:
        model = file.read()
    with open(f"{folder}/wild.xml", "w") as file:
        file.write(model.replace('ctrlrange="-1.0 1.0"', 'ctrlrange="-1e5 1e5"'))
    path, run, out = f"{folder}/wild.yaml", f"{folder}/wild", f"{folder}/wild.safetensors"
    with open(path, "w") as file:
        file.write(re.sub("terminations.*", "", HOPPER).replace("hopper.xml", "wild.xml").replace("scale: 0.5", "scale: 3e4"))
    kshot.done("train", "--env", path, *SMALL, "-o", run, "-j", 1)
    said = kshot("rollout", run, "--trajectories", 5, "--horizon", 30, "-o", out, "-j", 1)
    broken = int(re.search(r"note: (\d+) of 5 trajectories broke down", said.stderr).group(1))
    robot_replay.check(path, out, broken=broken)


def main():
    kshot = Kshot(sys.argv[1])
    with memory_folder() as folder:
        words(kshot)
        for test in (stable, strangers, breaking, seeing):
            test(kshot, folder)
            print("ok", test.__name__)


main()
