/* curves.js: the page of a model that learns sine curves: examples that can be dragged, and the curve that it makes of them after
 * every gradient step. What kshot has computed is shown until somebody moves an example; then the browser adapts the model itself. */

const LARGEST = 5, SMALLEST = 0.1; /* amplitudes that training draws */

class CurvesPage {
  constructor(data, root) {
    this.data = data;
    this.color = cssColor(data.color);
    this.xs = Array.from({ length: data.points }, (_, i) => mix(data.range[0], data.range[1], i / (data.points - 1)));
    this.openModel();
    this.tasks = chooser('Curve', data.tasks.map((task) => typeset(task.text)), (i) => this.choose(i));
    this.plot = drawn('svg', { class: 'plot', role: 'img', 'aria-label': 'The curve and what the model predicts' });
    this.errorPlot = drawn('svg', { class: 'returns', role: 'img', 'aria-label': 'Error after each gradient step' });
    this.legend = element('div', { class: 'legend' });
    this.player = new Player({
      duration: Math.max(data.steps, 1e-9), step: 1, speed: 2, speeds: [0.5, 1, 2, 5], speedText: (s) => `${plural(s, 'step')}/s`,
      text: (t) => stepText(t, data.steps), draw: (t) => this.draw(t),
    });
    root.append(this.header(), this.body(), this.player.root, this.words());
    onResize(this.plot, () => this.build());
    onResize(this.errorPlot, () => this.buildErrors());
    onKey((event) => this.key(event));
    this.choose(0);
  }

  openModel() {
    const { data } = this;
    this.network = new Network(data.layers, data.oracle ? 3 : 1);
    this.theta = Float64Array.from(floatsOf(data.theta));
    this.alpha = [];
    for (const set of data.alpha) this.alpha.push(set === null ? this.alpha[this.alpha.length - 1] : floatsOf(set));
    this.live = this.network.known && this.network.count === this.theta.length;
  }

  header() {
    const buttons = this.live ? [
      element('button', { type: 'button', class: 'button', onclick: () => this.drawNew() }, 'New curve'),
      element('button', { type: 'button', class: 'button', onclick: () => this.choose(this.index) }, 'Reset'),
    ] : [];
    return element('header', {}, element('div', { class: 'title' }, element('h1', {}, this.data.title),
      element('p', {}, `A network learns a sine curve from ${plural(this.examplesAtFirst(0).length, 'example')}` +
        (this.live ? ': drag one, and it adapts at once.' : '.'))),
    this.tasks.root, ...buttons);
  }

  body() {
    return element('section', { class: 'columns' },
      element('div', { class: 'card plot-card' }, this.legend, this.plot),
      element('div', { class: 'card' }, element('h2', {}, 'Error after each gradient step'), this.errorPlot,
        element('p', { class: 'note' }, 'Mean squared difference from the true curve, from one end to the other.')));
  }

  words() {
    const { data } = this, sizes = [...new Set(data.stepSizes)].map((s) => numberText(s)).join(', ');
    const methods = { maml: 'meta-trained (MAML)', pretrain: 'pretrained on all curves', oracle: 'told amplitude and phase' };
    return element('section', { class: 'foot one' }, element('div', { class: 'card words' },
      facts([
        ['Tasks', 'A sin(x − φ), A from 0.1 to 5, φ from 0 to π, both uniform'],
        ['Model', `${data.layers.filter((l) => l.type === 'dense').length} dense layers, ` +
          `${plural(this.theta.length, 'number')}; ` + (data.iterations > 0
            ? `${methods[data.method] || data.method}, ${plural(data.iterations, 'iteration')}` : 'untrained')],
        ['Step sizes', data.steps > 0 ? (data.learnedStepSizes ? `learned, times ${sizes}` : sizes) : ''],
        ['Made by', `kshot ${data.version}`],
      ]),
      keyList([['Space', 'play, pause'], ['← →', 'one gradient step'], ['↑ ↓', 'another curve'], ['+ −', 'faster, slower'],
        ...(this.live ? [['Drag', 'move an example'], ['N', 'a new curve'], ['R', 'the examples as at first']] : [])])));
  }

  key(event) {
    if (this.live && event.key.toLowerCase() === 'n') this.drawNew();
    else if (event.key.toLowerCase() === 'r') this.choose(this.index);
  }

  /* ---- tasks and adaptation ---- */

  examplesAtFirst(index) {
    return this.data.tasks[index].examples.map((point) => [...point]);
  }

  choose(index) {
    const task = this.data.tasks[index];
    this.index = index;
    this.examples = this.examplesAtFirst(index);
    this.take(task);
    if (task.predictions) this.predictions = task.predictions.map(floatsOf);
    else this.adapt();
    this.finish();
  }

  take(task) {
    this.task = task;
    this.truth = this.xs.map((x) => task.amplitude * Math.sin(x - task.phase));
    this.tasks.set(this.index);
    const highest = Math.max(task.amplitude, ...this.examples.map((point) => Math.abs(point[1])));
    this.limit = Math.max(1.6, 1.22 * highest);
  }

  /* A curve as training draws them, with examples anywhere on it. */
  drawNew() {
    const amplitude = mix(SMALLEST, LARGEST, Math.random()), phase = Math.PI * Math.random();
    const examples = this.examples.map(() => {
      const x = mix(...this.data.range, Math.random());
      return [x, amplitude * Math.sin(x - phase)];
    });
    const text = `${amplitude.toFixed(2)} sin(x - ${phase.toFixed(2)})`, task = { text, amplitude, phase, examples };
    if (this.drawnHere === undefined) {
      this.drawnHere = this.data.tasks.push(task) - 1;
      this.tasks.add(typeset(text));
    } else {
      this.data.tasks[this.drawnHere] = task;
      this.tasks.rename(this.drawnHere, typeset(text));
    }
    this.choose(this.drawnHere);
  }

  inputOf(x) {
    return this.data.oracle ? [x, this.task.amplitude, this.task.phase] : [x];
  }

  adapt() {
    const inputs = this.xs.map((x) => this.inputOf(x)), examples = this.examples.map(([x, y]) => [this.inputOf(x), y]);
    let theta = this.theta;
    this.predictions = [];
    for (let j = 0; ; j++) {
      const now = theta;
      this.predictions.push(inputs.map((input) => this.network.predict(now, input)));
      if (j === this.data.steps) break;
      theta = this.network.step(theta, this.alpha[j], examples);
    }
  }

  errorOf(ys) {
    return ys.reduce((sum, y, i) => sum + (y - this.truth[i]) ** 2, 0) / ys.length;
  }

  finish() {
    this.errors = this.predictions.map((p) => this.errorOf(p));
    this.build();
    this.buildErrors();
    this.player.redraw();
  }

  /* ---- pictures ---- */

  build() {
    const width = this.plot.clientWidth, height = this.plot.clientHeight;
    if (!width || !height || !this.predictions) return;
    const left = 34, right = width - 8, top = 8, bottom = height - 24, { range } = this.data;
    this.x = scale(range[0], range[1], left, right);
    this.y = scale(-this.limit, this.limit, bottom, top);
    const parts = [drawn('clipPath', { id: 'inside' }, drawn('rect', { x: left, y: top, width: right - left, height: bottom - top }))];
    for (const t of ticks(-this.limit, this.limit, Math.max(3, height / 70))) {
      parts.push(drawn('line', { class: t === 0 ? 'zero' : 'grid', x1: left, x2: right, y1: this.y(t), y2: this.y(t) }),
        drawn('text', { x: left - 8, y: this.y(t) + 4, 'text-anchor': 'end' }, tickText(t)));
    }
    for (const t of ticks(range[0], range[1], Math.max(4, width / 110))) {
      parts.push(drawn('text', { x: this.x(t), y: height - 6, 'text-anchor': 'middle' }, tickText(t)));
    }
    this.lines = drawn('g', { 'clip-path': 'url(#inside)' });
    parts.push(this.lines, ...this.examples.map((_, i) => this.handle(i)));
    this.plot.replaceChildren(...parts);
    this.draw(this.player.time);
  }

  path(ys, attributes) {
    const points = Array.from(ys, (y, i) => [this.x(this.xs[i]), clamp(this.y(y), -1e4, 1e4)]);
    return drawn('path', { d: line(points.filter((p) => Number.isFinite(p[1]))), fill: 'none', 'stroke-linejoin': 'round', ...attributes });
  }

  /* An example: a dot with room for a finger around it. */
  handle(i) {
    const [x, y] = this.examples[i], dot = drawn('circle', { class: 'example', r: 5.5 });
    const finger = drawn('circle', { class: 'finger', r: 20 });
    const group = drawn('g', { class: this.live ? 'handle' : '', transform: `translate(${this.x(x)} ${this.y(y)})` }, finger, dot);
    if (!this.live) return group;
    group.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      group.setPointerCapture(event.pointerId);
      group.classList.add('held');
    });
    group.addEventListener('pointermove', (event) => {
      if (!group.hasPointerCapture(event.pointerId)) return;
      const box = this.plot.getBoundingClientRect();
      this.examples[i] = [clamp(this.x.back(event.clientX - box.left), ...this.data.range),
        clamp(this.y.back(event.clientY - box.top), -this.limit, this.limit)];
      group.setAttribute('transform', `translate(${this.x(this.examples[i][0])} ${this.y(this.examples[i][1])})`);
      this.adapt();
      this.errors = this.predictions.map((p) => this.errorOf(p));
      this.buildErrors();
      this.player.redraw();
    });
    for (const end of ['pointerup', 'pointercancel']) {
      group.addEventListener(end, () => group.classList.remove('held'));
    }
    return group;
  }

  draw(time) {
    if (!this.lines) return;
    const first = Math.min(Math.floor(time), this.data.steps), second = Math.min(first + 1, this.data.steps), share = time - first;
    const now = Array.from(this.predictions[first], (y, i) => mix(y, this.predictions[second][i], share));
    const passed = [];
    for (let j = 1; j <= first; j++) {
      passed.push(this.path(this.predictions[j], { stroke: this.color, 'stroke-width': 1, opacity: 0.3 }));
    }
    this.lines.replaceChildren(
      this.path(this.truth, { class: 'truth' }), ...passed,
      this.path(this.predictions[0], { class: 'before' }),
      time > 0 ? this.path(now, { stroke: this.color, 'stroke-width': 3 }) : '');
    this.showLegend(time, now);
    if (this.cursor) this.cursor.setAttribute('transform', `translate(${this.errorX(time)} 0)`);
  }

  showLegend(time, now) {
    const key = (name, text) => element('span', { class: `key ${name}`, style: `--step: ${this.color}` }, text);
    this.legend.replaceChildren(
      key('truth', 'the true curve'), key('dot', 'examples'), key('before', 'before adapting'),
      key('now', `after ${time > 0 ? plural(Math.ceil(time - 1e-9), 'gradient step') : '0 steps'}`),
      element('span', { class: 'error' }, 'error ', element('b', {}, numberText(this.errorOf(now)))));
  }

  buildErrors() {
    const width = this.errorPlot.clientWidth, height = this.errorPlot.clientHeight;
    if (!width || !height || !this.errors) return;
    const left = 40, right = width - 12, top = 14, bottom = height - 24, steps = this.data.steps;
    const highest = Math.max(1e-9, ...this.errors.filter(Number.isFinite));
    const x = (this.errorX = scale(0, Math.max(1, steps), left, right)), y = scale(0, highest, bottom, top);
    const parts = ticks(0, highest, Math.max(2, (bottom - top) / 46)).flatMap((t) => [
      drawn('line', { class: t === 0 ? 'zero' : 'grid', x1: left, x2: right, y1: y(t), y2: y(t) }),
      drawn('text', { x: left - 8, y: y(t) + 4, 'text-anchor': 'end' }, tickText(t)),
    ]);
    for (const t of ticks(0, steps, Math.min(steps, width / 60)).filter(Number.isInteger)) {
      parts.push(drawn('text', { x: x(t), y: height - 6, 'text-anchor': 'middle' }, tickText(t)));
    }
    const points = this.errors.map((e, j) => [x(j), y(Math.min(e, highest))]).filter((p) => Number.isFinite(p[1]));
    this.cursor = drawn('line', { class: 'playhead', y1: top - 6, y2: bottom, transform: `translate(${x(this.player.time)} 0)` });
    parts.push(this.cursor, drawn('path', { d: line(points), fill: 'none', stroke: this.color, 'stroke-width': 2 }),
      ...points.map(([px, py], j) => drawn('circle', { cx: px, cy: py, r: 3.6,
        fill: j === 0 ? 'var(--faint)' : this.color })));
    this.errorPlot.replaceChildren(...parts);
  }
}

