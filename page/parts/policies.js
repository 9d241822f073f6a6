/* policies.js: the page of a policy: one pane per number of gradient steps, all on one clock. */

const SPEED_WINDOW = 0.2; /* seconds that a speed is the mean of */
const SLOW = 70; /* milliseconds a picture: the machine draws in software */

const stepName = (j) => element('span', { class: 'name' },
  element('span', { class: 'long' }, j === 0 ? 'Before adapting' : `After ${plural(j, 'gradient step')}`),
  element('span', { class: 'short' }, j === 0 ? 'Before' : plural(j, 'step')));

/* One pane: its caption, the room that the renderer draws into, numbers, and the reward over time. */
class Pane {
  constructor(page, j) {
    this.page = page;
    this.rgb = page.data.colors[j];
    this.result = element('span', { class: 'return' });
    this.distance = element('b');
    this.speed = element('b');
    this.state = element('span', { class: 'state' });
    const reads = page.readouts.map(([key, name]) => element('div', {}, this[key], element('span', {}, name)));
    this.view = element('div', { class: 'view', tabindex: -1 }, element('div', { class: 'reads' }, ...reads), this.state);
    this.chart = new RewardChart(cssColor(this.rgb));
    this.root = element('figure', { class: 'pane', style: `--step: ${cssColor(this.rgb)}` },
      element('figcaption', {}, element('i'), stepName(j), this.result),
      this.view, this.chart.root);
    page.camera.listen(this.view);
  }

  show(act, motion, range, longest) {
    Object.assign(this, { act, motion });
    this.chart.show(motion, range, longest);
  }

  /* Numbers at a timestep. */
  at(step) {
    const { page, motion } = this, { look, dt } = page, whole = Math.min(Math.floor(step + 1e-6), motion.length);
    this.result.textContent = numberText(motion.returns[whole], Math.abs(motion.returns[whole]) >= 100 ? 0 : 1);
    this.chart.at(step);
    const place = motion.place(step, look.follows);
    if (look.goal === 'place') {
      const [a, b] = look.goalNumbers, goal = page.task.numbers;
      this.distance.textContent = this.metres(Math.hypot(goal[a] - place[0], goal[b] - place[1]));
    } else {
      this.distance.textContent = this.metres(this.way(motion.place(0, look.follows), place));
    }
    const back = Math.max(0, Math.min(step, motion.length) - Math.max(2, SPEED_WINDOW / dt));
    const seconds = (Math.min(step, motion.length) - back) * dt;
    const speed = seconds > 0 ? this.way(motion.place(back, look.follows), place) / seconds : 0;
    this.speed.textContent = `${numberText(speed, 2)} m/s`;
    this.state.textContent = this.act.terminated && step >= motion.length ? (this.hasArrived(place) ? 'arrived' : 'ended') : '';
  }

  /* Give or take a tenth of its length. */
  hasArrived(place) {
    const { look, task } = this.page, [a, b] = look.goalNumbers;
    return look.goal === 'place' && (look.track || look.paths) && Math.hypot(task.numbers[a] - place[0], task.numbers[b] - place[1]) < 0.1 * look.size;
  }

  metres(x) {
    return this.page.data.timeless ? numberText(x, 2) : `${numberText(x, 2)} m`;
  }

  /* Along x where the task is about x, else in any direction. */
  way(from, to) {
    const alongX = ['direction', 'velocity'].includes(this.page.look.goal);
    return alongX ? to[0] - from[0] : Math.hypot(to[0] - from[0], to[1] - from[1]);
  }
}

class PoliciesPage {
  constructor(data, root) {
    this.data = data;
    this.look = data.world.look;
    this.dt = data.dt;
    this.motions = new Map();
    this.readouts = this.chooseReadouts();
    this.camera = new Camera(this.look, () => this.player && this.player.redraw());
    this.canvas = element('canvas', { class: 'gl', 'aria-hidden': 'true' });
    this.panes = data.colors.map((_, j) => new Pane(this, j));
    this.returns = new ReturnChart(data.colors);
    this.tasks = chooser('Task', data.tasks.map((task) => typeset(sentence(task.text))), (i) => this.choose(i));
    this.stageRoot = element('section', { class: 'panes', style: `--panes: ${this.panes.length}` }, this.canvas,
      ...this.panes.map((pane) => pane.root));
    this.player = new Player({
      duration: 1, step: this.dt, speed: 1, text: (t) => this.clockText(t), draw: (t) => this.draw(t),
    });
    root.append(this.header(), this.stageRoot, this.player.root, this.foot());
    this.openStage();
    this.canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      this.renderer = null;
    });
    this.canvas.addEventListener('webglcontextrestored', () => {
      this.openStage();
      this.player.redraw();
    });
    onKey((event) => event.key.toLowerCase() === 'r' && this.camera.reset());
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.player.redraw());
    onResize(this.stageRoot, () => this.player.redraw());
    this.choose(0);
    this.player.setSpeed(this.easySpeed());
  }

  chooseReadouts() {
    const { goal, track, paths } = this.look;
    /* of an arm that reaches, what is followed is where it stands */
    if (goal === 'place' && (track || paths)) return [['distance', 'to the goal']];
    return track ? [['speed', 'speed'], ['distance', 'distance']] : [];
  }

  openStage() {
    try {
      this.renderer = new Renderer(this.canvas);
      this.stage = new Stage(this.data.world, this.renderer);
    } catch (error) {
      this.renderer = null;
      this.stageRoot.prepend(element('p', { class: 'notice' }, error.message));
    }
  }

  header() {
    const { data } = this;
    return element('header', {}, element('div', { class: 'title' }, element('h1', {}, data.title),
      element('p', {}, `${sentence(data.summary)}. ${data.method === 'oracle' ? 'This policy is told its task.'
        : 'One policy learns a task that it is not told, from what it tries.'}`)),
    this.tasks.root);
  }

  foot() {
    const { data } = this, steps = this.panes.length - 1;
    const method = { maml: 'meta-trained (MAML)', pretrain: 'pretrained on all tasks', oracle: 'told the task' }[data.method];
    const sizes = data.stepSizes.map((s) => numberText(s)).join(', ');
    return element('section', { class: 'foot' },
      element('div', { class: 'card' }, element('h2', {}, 'Return after each gradient step'), this.returns.root),
      element('div', { class: 'card words' }, element('h2', {}, 'What is shown'),
        element('p', {}, `The same policy on the same task, after 0 to ${plural(steps, 'gradient step')}. Each step learns ` +
          `from ${data.trajectories} sampled trajectories of the task alone. A dot is the return of one trajectory; a bar, their mean. ` +
          'Each pane shows the trajectory with the median return, which has a ring.'),
        facts([
          ['Tasks', data.taskSummary],
          ['Policy', data.iterations > 0 ? `${method || data.method}, ${data.iterations.toLocaleString('en')} iterations`
            : 'untrained'],
          ['Step sizes', steps > 0 ? (data.learnedStepSizes ? `learned, times ${sizes}` : sizes) : ''],
          ['Physics', data.timeless ? 'a point in the plane, recorded'
            : `MuJoCo, recorded every ${numberText(1000 * this.dt * data.tasks[0].acts[0].stride, 0)} ms; this page only draws it`],
          ['Made by', `kshot ${data.version}`],
        ]),
        keyList([
          ['Space', 'play, pause'], ['← →', 'one timestep'], ['↑ ↓', 'another task'], ['+ −', 'faster, slower'],
          ['Home, End', 'start, end'], ['R', 'the first camera'],
          ['Drag', 'turn; with Shift or the right button, move'], ['Wheel, two fingers', 'nearer, farther'],
        ])));
  }

  /* A round number that leaves time to look. */
  easySpeed() {
    const wanted = this.player.duration / 4;
    return SPEEDS.filter((s) => s <= Math.min(1, Math.max(wanted, SPEEDS[0]))).pop();
  }

  motionOf(act) {
    if (!this.motions.has(act)) this.motions.set(act, new Motion(act, this.data.world.bodies));
    return this.motions.get(act);
  }

  choose(index) {
    this.task = this.data.tasks[index];
    const { acts } = this.task, motions = acts.map((act) => this.motionOf(act));
    this.longest = Math.max(...motions.map((m) => m.length));
    const range = rangeOf(motions.flatMap((m) => Array.from(m.rewards)), false);
    this.panes.forEach((pane, j) => pane.show(acts[j], motions[j], range, this.longest));
    this.returns.show(acts);
    this.tasks.set(index);
    this.player.setDuration(this.longest * this.dt);
    this.player.seek(0);
  }

  clockText(time) {
    if (this.data.timeless) return `${Math.floor(time / this.dt + 1e-6)} / ${this.longest}`;
    return `${time.toFixed(2)} / ${this.player.duration.toFixed(2)} s`;
  }

  /* Whether pictures that follow each other have been slow for a while. */
  watchPace() {
    const now = performance.now(), spent = now - (this.drawnAt || now);
    this.drawnAt = now;
    if (spent > 0 && spent < 1000) this.pace = mix(this.pace || 16, spent, 0.2);
    if (this.pace > SLOW) this.renderer.economise();
  }

  draw(time) {
    const step = time / this.dt;
    this.panes.forEach((pane) => pane.at(step));
    if (!this.renderer) return;
    const world = isDark() ? WORLD_DARK : WORLD_LIGHT;
    if (this.player.playing) this.watchPace();
    this.renderer.fit();
    this.renderer.clear();
    for (const pane of this.panes) {
      const { motion, rgb, act } = pane, place = motion.place(step, this.look.follows);
      const rect = pane.view.getBoundingClientRect();
      const things = [
        ...this.stage.things(motion, step, rgb),
        ...this.stage.trail(act, motion, step, rgb),
        ...this.stage.goal(this.task, place, Math.min(step, motion.length) * this.dt),
      ];
      const camera = this.camera.at(place, this.stage.floor.height, rect.width, rect.height);
      this.renderer.draw(rect, camera, things, this.stage.floor, this.look.size, world);
    }
  }
}

