"""Runs a policy in plain MuJoCo, without kshot: pip install mujoco-core safetensors; plain_mujoco.py half_cheetah.xml POLICY.safetensors …

half-cheetah: the model is envs/models/half_cheetah.xml; an action is clipped to [-1, 1] and scaled to the actuators' range, and held for
one physics step of 0.01 s (frame skip 1). An observation is qpos without x, qvel, and the centre of mass. Prints where each one got to."""
import sys

import mujoco
import numpy as np
from safetensors.numpy import load_file

model = mujoco.MjModel.from_xml_path(sys.argv[1])
low, high = model.actuator_ctrlrange.T
for path in sys.argv[2:]:
    theta, data = load_file(path), mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    for _ in range(200):
        x = np.concatenate([data.qpos[1:], data.qvel, data.subtree_com[1]]).astype(np.float32)
        for i in range(3):  # two hidden layers of ReLU; the last gives the mean action
            x = theta[f"mlp.{i}.weight"] @ (np.maximum(x, 0) if i else x) + theta[f"mlp.{i}.bias"]
        data.ctrl = (low + high) / 2 + (high - low) / 2 * np.clip(x, -1, 1)
        mujoco.mj_step(model, data)
        mujoco.mj_kinematics(model, data)  # mj_step leaves the centre of mass of the state before
        mujoco.mj_comPos(model, data)
    print(f"{path}: x = {data.qpos[0]:.2f} m after 2 s")
