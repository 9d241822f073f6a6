/* net.js: a small network of dense layers, and gradient steps on examples: what kshot does when it adapts a model of sine curves, in
 * the browser, so that examples can be moved. */

const KNOWN_LAYERS = ['dense', 'relu', 'tanh', 'context'];

class Network {
  /* layers as kshot prints them; parameters layer by layer, of a dense one weights (outputs x inputs), then biases. */
  constructor(layers, inputs) {
    this.known = layers.every((layer) => KNOWN_LAYERS.includes(layer.type));
    this.layers = [];
    let width = inputs, start = 0;
    for (const { type, size, out } of layers) {
      const layer = { type, inputs: width, start };
      if (type === 'dense') {
        layer.outputs = out;
        start += out * (width + 1);
      } else {
        layer.outputs = type === 'context' ? width + size : width;
        start += type === 'context' ? size : 0;
      }
      width = layer.outputs;
      this.layers.push(layer);
    }
    this.count = start;
  }

  /* What comes out of every layer, the input first. */
  forward(theta, input) {
    const values = [input];
    for (const layer of this.layers) {
      const x = values[values.length - 1];
      if (layer.type === 'relu') values.push(x.map((v) => Math.max(0, v)));
      else if (layer.type === 'tanh') values.push(x.map(Math.tanh));
      else if (layer.type === 'context') {
        values.push([...x, ...theta.subarray(layer.start, layer.start + layer.outputs - layer.inputs)]);
      } else values.push(this.dense(layer, theta, x));
    }
    return values;
  }

  dense({ inputs, outputs, start }, theta, x) {
    const out = new Array(outputs), biases = start + outputs * inputs;
    for (let o = 0; o < outputs; o++) {
      let sum = theta[biases + o];
      for (let i = 0; i < inputs; i++) sum += theta[start + o * inputs + i] * x[i];
      out[o] = sum;
    }
    return out;
  }

  /* gradient += the derivatives, from those by the output. */
  backward(theta, values, delta, gradient) {
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { type, inputs, outputs, start } = this.layers[l], x = values[l], y = values[l + 1];
      if (type === 'relu') delta = delta.map((d, i) => (y[i] > 0 ? d : 0));
      else if (type === 'tanh') delta = delta.map((d, i) => d * (1 - y[i] * y[i]));
      else if (type === 'context') {
        for (let i = inputs; i < outputs; i++) gradient[start + i - inputs] += delta[i];
        delta = delta.slice(0, inputs);
      } else {
        const below = new Array(inputs).fill(0), biases = start + outputs * inputs;
        for (let o = 0; o < outputs; o++) {
          gradient[biases + o] += delta[o];
          for (let i = 0; i < inputs; i++) {
            gradient[start + o * inputs + i] += delta[o] * x[i];
            below[i] += delta[o] * theta[start + o * inputs + i];
          }
        }
        delta = below;
      }
    }
  }

  predict(theta, input) {
    const values = this.forward(theta, input);
    return values[values.length - 1][0];
  }

  /* One step down the mean squared error of examples [input, y], so far along each parameter. */
  step(theta, alpha, examples) {
    const gradient = new Float64Array(this.count);
    for (const [input, y] of examples) {
      const values = this.forward(theta, input), out = values[values.length - 1][0];
      this.backward(theta, values, [(2 * (out - y)) / examples.length], gradient);
    }
    return theta.map((t, i) => t - alpha[i] * gradient[i]);
  }
}

