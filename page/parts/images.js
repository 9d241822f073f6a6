/* images.js: the page of a model that tells images apart: a card for every class with the images that it learns from and those that it
 * judges, and how likely it finds each class as gradient steps are taken. */

class ImagesPage {
  constructor(data, root) {
    this.data = data;
    this.tasks = chooser('Task', data.tasks.map((task) => sentence(task.text)), (i) => this.choose(i));
    this.cards = element('section', { class: 'classes' });
    this.accuracy = drawn('svg', { class: 'returns', role: 'img', 'aria-label': 'Accuracy after each gradient step' });
    this.player = new Player({
      duration: Math.max(data.steps, 1e-9), step: 1, speed: 1, speeds: [0.25, 0.5, 1, 2], speedText: (s) => `${plural(s, 'step')}/s`,
      text: (t) => stepText(t, data.steps), draw: (t) => this.draw(t),
    });
    root.append(this.header(), this.cards, this.player.root, this.foot());
    onResize(this.accuracy, () => this.buildAccuracy());
    this.choose(0);
  }

  header() {
    const { data } = this;
    return element('header', {}, element('div', { class: 'title' }, element('h1', {}, `${data.title}: ${data.images}`),
      element('p', {}, `${data.ways} kinds of images, told apart after ${plural(data.shots, 'example')} of each.`)),
    this.tasks.root);
  }

  foot() {
    const { data } = this;
    const methods = { maml: 'meta-trained (MAML)', pretrain: 'pretrained' };
    return element('section', { class: 'foot' },
      element('div', { class: 'card' }, element('h2', {}, 'Right answers after each gradient step'), this.accuracy),
      element('div', { class: 'card words' }, element('h2', {}, 'What is shown'),
        element('p', {}, `On each card stands what the model learns a class from, ${plural(data.shots, 'image')}, and below the line others of ` +
          'the same class that it judges. A bar for every class says how likely the model finds it; a dot marks the true one. ' +
          'The classes are of the test split.'),
        facts([
          ['Model', data.iterations > 0 ? `${methods[data.method] || data.method}, ${plural(data.iterations, 'iteration')}` : 'untrained'],
          ['Batch norm', data.together ? 'queries see each other (transductive)' : ''],
          ['Made by', `kshot ${data.version}`],
        ]),
        keyList([['Space', 'play, pause'], ['← →', 'one gradient step'], ['↑ ↓', 'another task'], ['+ −', 'faster, slower']])));
  }

  choose(index) {
    this.task = this.data.tasks[index];
    this.tasks.set(index);
    this.queries = [];
    this.cards.replaceChildren(...this.task.classes.map((one, way) => this.card(one, way)));
    this.buildAccuracy();
    this.player.redraw();
  }

  image(text) {
    const { side, channels } = this.data, bytes = bytesOf(text);
    const canvas = element('canvas', { class: 'tile', width: side, height: side }), context = canvas.getContext('2d');
    const pixels = context.createImageData(side, side);
    for (let i = 0; i < side * side; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = bytes[channels === 3 ? 3 * i + c : i];
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  }

  card(one, way) {
    const name = one.name && one.name !== one.letter ? element('span', { title: one.name }, one.name) : null;
    return element('div', { class: 'card class' }, element('h2', {}, one.letter, name),
      element('div', { class: 'support' }, ...one.support.map((text) => this.image(text))),
      element('div', { class: 'queries' }, ...one.queries.map((query) => this.query(query, way))));
  }

  query(query, way) {
    const { ways } = this.data, probabilities = query.probabilities.map(floatsOf);
    const bars = Array.from({ length: ways }, (_, i) => element('i', { class: i === way ? 'true' : '' }));
    const guess = element('b'), likely = element('span');
    this.queries.push({ way, probabilities, bars, guess, likely, root: element('div', { class: 'query' },
      this.image(query.image[0]), element('div', { class: 'judged' }, element('p', {}, guess, likely),
        element('div', { class: 'bars', style: `--ways: ${ways}` }, ...bars))) });
    return this.queries[this.queries.length - 1].root;
  }

  draw(time) {
    const { steps, ways } = this.data, first = Math.min(Math.floor(time), steps), second = Math.min(first + 1, steps);
    for (const query of this.queries) {
      const now = Array.from(query.probabilities[first], (p, i) => mix(p, query.probabilities[second][i], time - first));
      const likeliest = now.every(Number.isFinite) ? now.indexOf(Math.max(...now)) : ways;
      const good = likeliest === query.way;
      query.root.classList.toggle('right', good);
      query.guess.textContent = likeliest < ways ? this.task.classes[likeliest].letter : '?';
      query.likely.textContent = likeliest < ways ? ` ${Math.round(100 * now[likeliest])} % ${good ? '✓' : '✗'}` : '';
      query.bars.forEach((bar, i) => bar.style.setProperty('--p', Number.isFinite(now[i]) ? now[i].toFixed(4) : 0));
    }
    if (this.cursor) this.cursor.setAttribute('transform', `translate(${this.cursorX(time)} 0)`);
  }

  buildAccuracy() {
    const width = this.accuracy.clientWidth, height = this.accuracy.clientHeight;
    if (!width || !height || !this.task) return;
    const left = 44, right = width - 12, top = 16, bottom = height - 24, values = this.task.accuracy;
    const x = (this.cursorX = scale(0, Math.max(1, this.data.steps), left + 16, right - 16)), y = scale(0, 1, bottom, top);
    const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((t) => [
      drawn('line', { class: t === 0 ? 'zero' : 'grid', x1: left, x2: right, y1: y(t), y2: y(t) }),
      drawn('text', { x: left - 8, y: y(t) + 4, 'text-anchor': 'end' }, `${100 * t} %`),
    ]);
    this.cursor = drawn('line', { class: 'playhead', y1: top - 8, y2: bottom, transform: `translate(${x(this.player.time)} 0)` });
    parts.push(this.cursor, drawn('path', { d: line(values.map((v, j) => [x(j), y(v)])), fill: 'none', stroke: 'var(--faint)' }));
    values.forEach((v, j) => parts.push(
      drawn('circle', { cx: x(j), cy: y(v), r: 5, fill: cssColor(this.data.colors[j % this.data.colors.length]) }),
      drawn('text', { class: 'strong', x: x(j), y: y(v) + (v > 0.85 ? 20 : -10), 'text-anchor': 'middle' }, `${Math.round(100 * v)} %`),
      drawn('text', { x: x(j), y: height - 6, 'text-anchor': 'middle' }, j === 0 ? 'before' : plural(j, 'step'))));
    this.accuracy.replaceChildren(...parts);
  }
}

