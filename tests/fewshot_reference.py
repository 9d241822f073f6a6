"""fewshot_reference.py: what a meta-iteration on examples is (docs/files.md), once more: networks from their list of layers, losses,
and the meta-gradient through all inner steps. Values are NumPy's in double, and derivatives are the library autograd's: nothing here
is differentiated by hand, and nothing is shared with the C code.

Images are rows x channels x height x width, vectors rows x features.

ReLU and max-pool have kinks. A number that is next to one lies on either side of it, by how it was rounded, and there the derivatives
jump. `lean` moves all such numbers to one side (-1, 1) or leaves them (0), so that a reader knows how much may depend on it.
"""

import json

import autograd.numpy as np
import numpy
from autograd import grad, value_and_grad
from autograd.tracer import isbox


KINK = 3e-6  # what float rounds, in terms of a layer's root mean square


def plain(x):
    """The number alone; derivatives do not go through it."""
    while isbox(x):
        x = x._value
    return x


# ---- layers -----------------------------------------------------------------------------------------------------------------


def windows(x, kernel, stride, pad):
    """rows x channels x (kernel x columns) x (kernel x rows): what lies under a window at each of its places. Zeros and ones choose,
    so that a product does it, and what lies in the padding is not chosen at all."""
    chosen = []
    for length in x.shape[2:]:
        places = (length + 2 * pad - kernel) // stride + 1
        pick = numpy.zeros((kernel, places, length))
        for i in range(kernel):
            for place in range(places):
                at = place * stride + i - pad
                if 0 <= at < length:
                    pick[i, place, at] = 1
        chosen.append(pick)
    x = np.tensordot(x, chosen[1], axes=([3], [2]))
    return np.tensordot(x, chosen[0], axes=([2], [2]))


def dense(layer, tensors, x, lean):
    w, b = tensors
    assert x.ndim == 2, "flatten or mean comes before dense"
    return np.dot(x, w.T) + b


def conv(layer, tensors, x, lean):
    w, b = tensors
    at = windows(x, layer["kernel"], layer["stride"], layer["pad"])
    return np.transpose(np.tensordot(at, w, axes=([1, 4, 2], [1, 2, 3])), (0, 3, 2, 1)) + b[:, None, None]


def kink(x):
    return KINK * numpy.sqrt(numpy.mean(plain(x) ** 2))


def relu(layer, tensors, x, lean):
    return x * (plain(x) > lean * kink(x))


def max_pool(layer, tensors, x, lean):
    """The first of the greatest, row by row; lean: the first, or the last, of those that are as good as the greatest."""
    n = layer["size"]
    at = np.transpose(windows(x, n, n, 0), (0, 1, 5, 3, 4, 2))
    at = np.reshape(at, at.shape[:4] + (n * n,))
    greatest = plain(at) >= numpy.max(plain(at), axis=4, keepdims=True) - abs(lean) * kink(x)
    order = numpy.arange(n * n)[:: lean or 1]
    chosen = order[numpy.argmax(greatest[..., order], axis=4)]
    return np.sum(at * (numpy.arange(n * n) == chosen[..., None]), axis=4)


def context(layer, tensors, x, lean):
    shape = (len(x), layer["size"]) + x.shape[2:]
    return np.concatenate([x, np.reshape(tensors[0], (1, -1, 1, 1)[: x.ndim]) * numpy.ones(shape)], axis=1)


def statistics(x):
    over = (0, 2, 3) if x.ndim == 4 else (0,)
    mean = np.mean(x, axis=over, keepdims=True)
    return mean, np.mean((x - mean) ** 2, axis=over, keepdims=True)


def batch_norm(layer, tensors, x, mean, variance):
    normal = (x - mean) / np.sqrt(variance + layer["epsilon"])
    shape = (1, -1, 1, 1)[: x.ndim]
    *scale, shift = [np.reshape(tensor, shape) for tensor in tensors]
    return (normal * scale[0] if layer["scale"] else normal) + shift


SIMPLE = {
    "dense": dense,
    "context": context,
    "conv": conv,
    "max_pool": max_pool,
    "relu": relu,
    "tanh": lambda layer, tensors, x, lean: np.tanh(x),
    "mean": lambda layer, tensors, x, lean: np.mean(x, axis=(2, 3)),
    "flatten": lambda layer, tensors, x, lean: np.reshape(x, (len(x), -1)),
}


def shapes(layer):
    """Of a layer's parameters, in the order in which they stand in θ."""
    kind = layer["type"]
    if kind == "dense":
        return [(layer["out"], layer["in"]), (layer["out"],)]
    if kind == "conv":
        return [(layer["out"], layer["in"], layer["kernel"], layer["kernel"]), (layer["out"],)]
    if kind == "batch_norm":
        return [(layer["features"],)] * (1 + layer["scale"])
    if kind == "context":
        return [(layer["size"],)]
    assert kind in SIMPLE, kind
    return []


class Network:
    def __init__(self, text, lean=0):
        self.layers, self.lean = json.loads(text), lean
        sizes = [int(numpy.prod(shape)) for layer in self.layers for shape in shapes(layer)]
        self.num_params = sum(sizes)
        self.tensor_of = numpy.repeat(numpy.arange(len(sizes)), sizes)  # which tensor each parameter belongs to
        kinds = [layer["type"] for layer in self.layers for _ in shapes(layer)]
        self.kind_of = numpy.repeat(numpy.array(kinds), sizes)  # and which kind of layer
        self.has_norm = any(layer["type"] == "batch_norm" for layer in self.layers)

    def __call__(self, theta, x, normal=None):
        """What comes out, and the mean and variance of each batch norm: of x, or those that are given."""
        at, found = 0, []
        for layer in self.layers:
            tensors = []
            for shape in shapes(layer):
                size = int(numpy.prod(shape))
                tensors.append(np.reshape(theta[at : at + size], shape))
                at += size
            if layer["type"] == "batch_norm":
                found.append(normal[len(found)] if normal else statistics(x))
                x = batch_norm(layer, tensors, x, *found[-1])
            else:
                x = SIMPLE[layer["type"]](layer, tensors, x, self.lean)
        return x, found


def mse(out, y):
    return np.mean((out - y) ** 2)


def cross_entropy(out, y):
    out = out - numpy.max(plain(out), axis=1, keepdims=True)
    log_p = out - np.log(np.sum(np.exp(out), axis=1, keepdims=True))
    return -np.mean(log_p[numpy.arange(len(y)), y.astype(int)])


LOSSES = {"mse": mse, "cross_entropy": cross_entropy}


# ---- a task -----------------------------------------------------------------------------------------------------------------


class Learner:
    """alpha, adapts: the step size of each parameter in each step (k x P), and which of them move (P). weights: of the query's loss after
    each step, or None: the last's alone."""

    def __init__(self, network, loss, alpha, adapts, first_order, inductive, weights=None):
        self.network, self.loss_of, self.step_sizes = network, LOSSES[loss], alpha * adapts
        self.first_order, self.inductive, self.weights = first_order, inductive, weights
        norm = numpy.flatnonzero(network.kind_of == "batch_norm")
        self.put_norm = numpy.zeros((len(network.kind_of), len(norm)))
        self.put_norm[norm, numpy.arange(len(norm))] = 1

    def loss(self, theta, x, y, normalised_by=None):
        """normalised_by: the examples whose statistics batch norm takes, instead of those of x."""
        normal = None if normalised_by is None else self.network(theta, normalised_by)[1]
        return self.loss_of(self.network(theta, x, normal)[0], y)

    def adapt(self, theta, log_scale, norm, support):
        """θ after each step; log_scale is added to the logarithm of the step sizes; norm: what takes the place of shifts and scales
        after each step, or None."""
        thetas = []
        for row, size in enumerate(self.step_sizes):
            gradient = grad(self.loss)(plain(theta) if self.first_order else theta, *support)
            theta = theta - size * np.exp(log_scale[row]) * gradient
            if norm is not None:
                theta = theta * (self.network.kind_of != "batch_norm") + np.dot(self.put_norm, norm[row])
            thetas.append(theta)
        return thetas

    def outer(self, theta, log_scale, norm, support, query):
        adapted = [theta, *self.adapt(theta, log_scale, norm if len(norm) else None, support)]
        weights = self.weights or [0] * (len(adapted) - 2) + [1]
        losses = [self.loss(at, *query, support[0] if self.inductive else None) * weight
                  for at, weight in zip(adapted[-len(weights):], weights) if weight]
        return sum(losses[1:], losses[0])

    def values(self, theta, support, query, norm=None):
        """θ after each step, and the outer loss."""
        zero, sets = numpy.zeros_like(self.step_sizes), numpy.zeros((0, 0)) if norm is None else norm
        return self.adapt(theta, zero, norm, support), self.outer(theta, zero, sets, support, query)

    def task(self, theta, support, query, norm=None):
        """θ after each step, the outer loss, and its derivatives by θ, by the logarithm of the step sizes, and by norm."""
        zero = numpy.zeros_like(self.step_sizes)
        sets = numpy.zeros((0, 0)) if norm is None else norm
        loss, (by_theta, by_log_alpha, by_norm) = value_and_grad(self.outer, (0, 1, 2))(theta, zero, sets, support, query)
        return self.adapt(theta, zero, norm, support), loss, by_theta, by_log_alpha, by_norm
