/* player.js: one clock for everything on the page: play and pause, a bar to scrub with, a speed, keys.
 *
 * Time runs from 0 to `duration`; at its end the show rests for a moment and begins anew. */

const REST = 1.0; /* seconds at the end */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2];

class Player {
  /* options: duration, step (what an arrow key goes), speed, draw(time), text(time), speeds, speedText(speed). */
  constructor(options) {
    Object.assign(this, { speeds: SPEEDS, text: (t) => t.toFixed(2), speedText: (s) => `${s}×` }, options);
    this.time = 0;
    this.rested = 0;
    this.dirty = true;
    this.playing = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.build();
    this.listen();
    this.before = performance.now();
    const tick = (now) => {
      this.advance(Math.min(0.1, (now - this.before) / 1000));
      this.before = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  build() {
    this.button = element('button', { type: 'button', class: 'play', onclick: () => this.toggle() });
    this.icon = drawn('path', { d: '' });
    this.button.append(drawn('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' }, this.icon));
    this.bar = element('input', { type: 'range', class: 'scrub', min: 0, max: 10000, step: 1, value: 0, 'aria-label': 'Time' });
    this.bar.addEventListener('input', () => {
      this.playing = false;
      this.seek((this.bar.value / 10000) * this.duration);
    });
    this.clock = element('output', { class: 'clock' });
    this.pace = element('select', { class: 'speed', 'aria-label': 'Speed', onchange: () => this.setSpeed(Number(this.pace.value)) },
      ...this.speeds.map((s) => element('option', { value: s }, this.speedText(s))));
    this.root = element('div', { class: 'player' }, this.button, this.bar, this.clock, this.pace);
    this.setSpeed(this.speed);
    this.showButton();
  }

  listen() {
    onKey((event) => {
      const act = {
        ' ': () => this.toggle(),
        k: () => this.toggle(),
        ArrowRight: () => this.go(this.step),
        ArrowLeft: () => this.go(-this.step),
        Home: () => this.seek(0),
        Backspace: () => this.seek(0),
        End: () => this.seek(this.duration),
        '+': () => this.changeSpeed(1),
        '=': () => this.changeSpeed(1),
        '-': () => this.changeSpeed(-1),
      }[event.key];
      if (!act || (event.key === ' ' && ['BUTTON', 'SUMMARY'].includes(event.target.tagName) && event.target !== this.button)) return;
      event.preventDefault();
      act();
    });
  }

  showButton() {
    this.icon.setAttribute('d', this.playing ? 'M5 3h3.4v14H5zM11.6 3H15v14h-3.4z' : 'M5.5 2.8v14.4L17 10z');
    this.button.setAttribute('aria-label', this.playing ? 'Pause' : 'Play');
    this.button.title = this.playing ? 'Pause (space)' : 'Play (space)';
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.time >= this.duration) this.seek(0);
    this.rested = 0;
    this.showButton();
  }

  go(by) {
    this.playing = false;
    this.seek(Math.round((this.time + by) / this.step) * this.step);
  }

  seek(time) {
    this.time = clamp(time, 0, this.duration);
    this.rested = 0;
    this.dirty = true;
    this.showButton();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.pace.value = String(speed);
  }

  changeSpeed(by) {
    this.setSpeed(this.speeds[clamp(this.speeds.indexOf(this.speed) + by, 0, this.speeds.length - 1)]);
  }

  setDuration(duration) {
    this.duration = duration;
    this.seek(Math.min(this.time, duration));
  }

  redraw() {
    this.dirty = true;
  }

  advance(seconds) {
    if (this.playing) {
      if (this.time < this.duration) {
        this.time = Math.min(this.duration, this.time + seconds * this.speed);
        this.dirty = true;
      } else if ((this.rested += seconds) > REST) {
        this.seek(0);
      }
    }
    if (!this.dirty) return;
    this.dirty = false;
    this.bar.value = Math.round((10000 * this.time) / (this.duration || 1));
    this.bar.style.setProperty('--done', `${(100 * this.time) / (this.duration || 1)}%`);
    this.clock.textContent = this.text(this.time);
    this.draw(this.time);
  }
}

