/* chart.js: axes and the two charts of policies: returns after every gradient step, and the reward over time. */

/* Round numbers from low to high, about so many. */
function ticks(low, high, count) {
  const span = high - low || 1, raw = span / Math.max(1, count), power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((s) => s * power >= raw * 0.999);
  const out = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + 1e-9 * span; x += step) out.push(Math.abs(x) < 1e-12 * span ? 0 : x);
  return out;
}

function tickText(x) {
  const size = Math.abs(x);
  const text = size >= 10000 ? `${x / 1000}k` : String(Number(x.toPrecision(6)));
  return text.replace('-', '−');
}

/* From numbers to pixels and back. */
function scale(low, high, from, to) {
  const at = (x) => from + ((x - low) / (high - low || 1)) * (to - from);
  at.back = (p) => low + ((p - from) / (to - from || 1)) * (high - low);
  return at;
}

function rangeOf(numbers, with0) {
  let low = with0 ? 0 : Infinity, high = with0 ? 0 : -Infinity;
  for (const x of numbers) {
    if (!Number.isFinite(x)) continue;
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  if (!(low < high)) return [Math.min(low, 0) - 1, Math.max(high, 0) + 1];
  return [low, high];
}

const line = (points) => points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/* The reward of every timestep; what is past is strong, what is to come is faint. */
class RewardChart {
  constructor(color) {
    this.color = color;
    this.id = `past-${++RewardChart.count}`;
    this.root = drawn('svg', { class: 'rewards', role: 'img', 'aria-label': 'Reward over time' });
    onResize(this.root, () => this.motion && this.build());
  }

  show(motion, range, longest) {
    Object.assign(this, { motion, range, longest });
    this.build();
  }

  build() {
    const width = this.root.clientWidth, height = this.root.clientHeight;
    if (!width || !height) return;
    const { motion, range, longest, color } = this, bottom = height - 10, top = 24;
    const inset = Math.min(13, 0.045 * width + 1);
    this.x = scale(0, longest, inset, width - inset);
    const y = scale(range[0], range[1], bottom, top);
    const way = line(Array.from(motion.rewards, (r, i) => [this.x(i + 0.5), y(r)]));
    this.clip = drawn('rect', { x: 0, y: 0, width: 0, height });
    this.past = drawn('path', { d: way, fill: 'none', stroke: color, 'stroke-width': 1.6, 'stroke-linejoin': 'round',
      'clip-path': `url(#${this.id})` });
    this.head = drawn('line', { class: 'playhead', y1: top - 4, y2: bottom });
    this.value = drawn('text', { class: 'strong', x: width - inset, y: 17, 'text-anchor': 'end' });
    this.root.replaceChildren(
      drawn('clipPath', { id: this.id }, this.clip),
      range[0] < 0 && range[1] > 0 ? drawn('line', { class: 'zero', x1: inset, x2: width - inset, y1: y(0), y2: y(0) }) : '',
      drawn('path', { d: way, fill: 'none', stroke: color, 'stroke-width': 1.2, opacity: 0.28 }),
      this.past, this.head, drawn('text', { x: inset, y: 17 }, 'reward'), this.value);
    this.at(this.step || 0);
  }

  at(step) {
    this.step = step;
    if (!this.x) return;
    const x = this.x(Math.min(step, this.motion.length));
    this.clip.setAttribute('width', Math.max(0, x));
    this.head.setAttribute('x1', x);
    this.head.setAttribute('x2', x);
    const i = clamp(Math.ceil(step) - 1, 0, this.motion.length - 1);
    this.value.textContent = numberText(this.motion.rewards[i], 2);
  }
}

RewardChart.count = 0;

/* A bar to the mean return after each number of gradient steps, a dot for every trajectory, a ring around the one that is shown. */
class ReturnChart {
  constructor(colors) {
    this.colors = colors;
    this.root = drawn('svg', { class: 'returns', role: 'img', 'aria-label': 'Returns after each gradient step' });
    onResize(this.root, () => this.acts && this.build());
  }

  show(acts) {
    this.acts = acts;
    this.build();
  }

  build() {
    const width = this.root.clientWidth, height = this.root.clientHeight;
    if (!width || !height) return;
    const [low, high] = rangeOf(this.acts.flatMap((act) => [...act.returns, act.mean]), true);
    const left = 44, right = width - 6, top = 22, bottom = height - 24;
    const y = scale(low - 0.03 * (high - low), high, bottom, top), slot = (right - left) / this.acts.length;
    const parts = ticks(low, high, Math.max(2, (bottom - top) / 42)).flatMap((t) => [
      drawn('line', { class: t === 0 ? 'zero' : 'grid', x1: left, x2: right, y1: y(t), y2: y(t) }),
      drawn('text', { x: left - 8, y: y(t) + 4, 'text-anchor': 'end' }, tickText(t)),
    ]);
    this.acts.forEach((act, j) => parts.push(...this.column(act, j, left + slot * (j + 0.5), slot, y, bottom)));
    this.root.replaceChildren(...parts);
  }

  column(act, j, middle, slot, y, bottom) {
    const color = cssColor(this.colors[j]), half = Math.min(34, slot * 0.3), mean = y(act.mean), zero = y(0);
    const spread = (i) => ((((i * 0.618034) % 1) - 0.5) * 1.5) * half;
    const dot = (i, extra) => drawn('circle', { cx: middle + spread(i), cy: y(act.returns[i]), ...extra });
    return [
      drawn('rect', { x: middle - half, width: 2 * half, y: Math.min(mean, zero), height: Math.abs(mean - zero),
        fill: color, opacity: 0.2, rx: 2 }),
      drawn('line', { x1: middle - half, x2: middle + half, y1: mean, y2: mean, stroke: color, 'stroke-width': 2.4 }),
      ...act.returns.map((r, i) => (i === act.shown ? '' : dot(i, { r: 2.1, fill: color, opacity: 0.6 }))),
      dot(act.shown, { r: 4.4, fill: 'var(--panel)', stroke: color, 'stroke-width': 2 }),
      drawn('text', { class: 'strong', x: middle, 'text-anchor': 'middle',
        y: Math.min(mean, ...act.returns.map(y)) - 8 }, numberText(act.mean)),
      drawn('text', { x: middle, y: bottom + 17, 'text-anchor': 'middle' },
        slot > 76 ? (j === 0 ? 'before' : plural(j, 'step')) : String(j)),
    ];
  }
}

