/* scene.js: a body at a moment of a recorded trajectory, with its task's marker and its way, as things for the renderer.
 *
 * Nothing here knows physics: places and turns were recorded, and between two states they are taken on the straight way. */

const GOAL_COLOR = [0.12, 0.62, 0.36, 1];
const GOAL_PALE = [0.12, 0.62, 0.36, 0.5];
const POLE_COLOR = [0.3, 0.33, 0.37, 1];
const UPRIGHT = [1, 0, 0, 0];
/* what stands along z then lies along x, or against it */
const ALONG_X = [Math.SQRT1_2, 0, Math.SQRT1_2, 0];
const AGAINST_X = [Math.SQRT1_2, 0, -Math.SQRT1_2, 0];

/* A trajectory out of the document: states stand `stride` timesteps apart, the last one at its end. */
class Motion {
  constructor(act, bodies) {
    this.bodies = bodies;
    this.length = act.length;
    this.stride = act.stride;
    this.places = pointsOf(act.places, act.low, act.high);
    this.turns = turnsOf(act.turns);
    this.states = this.places.length / (3 * bodies);
    this.rewards = floatsOf(act.rewards);
    this.returns = new Float64Array(act.length + 1);
    for (let i = 0; i < act.length; i++) this.returns[i + 1] = this.returns[i] + this.rewards[i];
  }

  /* The recorded states around a timestep, which may be a fraction, and how far it is from the first to the second. */
  around(step) {
    const at = clamp(step, 0, this.length), first = Math.min(Math.floor(at / this.stride), Math.max(0, this.states - 2));
    const from = first * this.stride, to = Math.min(this.length, from + this.stride);
    const second = Math.min(first + 1, this.states - 1);
    return [first, second, to > from ? clamp((at - from) / (to - from), 0, 1) : 0];
  }

  place(step, body) {
    const [first, second, share] = this.around(step);
    const a = 3 * (first * this.bodies + body), b = 3 * (second * this.bodies + body);
    return [0, 1, 2].map((k) => mix(this.places[a + k], this.places[b + k], share));
  }

  frame(step, body) {
    const [first, second, share] = this.around(step);
    const a = 4 * (first * this.bodies + body), b = 4 * (second * this.bodies + body);
    const turn = [0, 1, 2, 3].map((k) => mix(this.turns[a + k], this.turns[b + k], share));
    const length = Math.hypot(...turn) || 1;
    return frameOf(this.place(step, body), turn.map((t) => t / length));
  }

  /* x, y, z of a body at every recorded state. */
  way(body) {
    const way = new Float32Array(3 * this.states);
    for (let i = 0; i < this.states; i++) {
      for (let k = 0; k < 3; k++) way[3 * i + k] = this.places[3 * (i * this.bodies + body) + k];
    }
    return way;
  }
}

/* The floor's tiles: a metre, or for small and large bodies a power of two of it. */
function floorOf(world) {
  const scale = 2 ** Math.round(Math.log2(world.look.size));
  return { ...world.floor, tile: world.floor.half > 0 ? world.floor.half / 7 : scale };
}

class Stage {
  constructor(world, renderer) {
    this.world = world;
    this.look = world.look;
    this.renderer = renderer;
    this.floor = floorOf(world);
    this.geoms = world.geoms.map((geom) => ({
      body: geom.body,
      color: geom.color,
      local: frameOf(geom.pos, geom.quat),
      handle: renderer.upload(shapeOf(geom, world.meshes)),
    }));
    const size = this.look.size;
    this.marks = {
      shaft: renderer.upload(cylinder(0.02 * size, 0.5)),
      head: renderer.upload(cylinder(0.055 * size, 0.085 * size, 0)),
      strip: renderer.upload(box([0.025 * size, 0.9 * size, 0.0015 * size])),
      post: renderer.upload(cylinder(0.015 * size, 0.22 * size)),
      knob: renderer.upload(capsule(0.045 * size, 0)),
      disc: renderer.upload(cylinder(0.16 * size, 0.002 * size)),
      pole: renderer.upload(cylinder(0.014 * size, 0.25 * size)),
      cloth: renderer.upload(box([0.13 * size, 0.006 * size, 0.085 * size])),
    };
    this.ways = new Map(); /* of acts, once they were drawn */
  }

  /* Bodies of simple shapes have the colour of their gradient steps, their limbs in darker shades. */
  colorOf(geom, rgb) {
    if (!this.world.plain || geom.body < 0) return geom.color;
    const shade = 0.45 + 0.65 * Math.max(geom.color[0], geom.color[1], geom.color[2]);
    return [...rgb.map((c) => Math.min(1, c * shade)), geom.color[3]];
  }

  things(motion, step, rgb) {
    const frames = [];
    for (let b = 0; b < this.world.bodies; b++) frames.push(motion.frame(step, b));
    return this.geoms.map((geom) => ({
      handle: geom.handle,
      frame: geom.body < 0 ? geom.local : multiply(frames[geom.body], geom.local),
      color: this.colorOf(geom, rgb),
      casts: geom.color[3] >= 1 && geom.body >= 0,
    }));
  }

  mark(name, place, turn, color) {
    return { handle: this.marks[name], frame: frameOf(place, turn), color, gloss: 0.3, casts: color[3] >= 1, flat: 0.25 };
  }

  /* Along x beside the body, between it and the camera, where no leg hides it. */
  arrow(place, length) {
    const size = this.look.size, y = place[1] - 0.62 * size, z = this.floor.height + 0.06 * size;
    const sign = Math.sign(length), head = 0.085 * size, shaft = Math.max(0, Math.abs(length) - 2 * head);
    const frame = frameOf([place[0] - sign * head, y, z], ALONG_X);
    for (let k = 8; k < 11; k++) frame[k] *= shaft;
    const tip = frameOf([place[0] + sign * (shaft / 2), y, z], sign < 0 ? AGAINST_X : ALONG_X);
    const look = { color: GOAL_COLOR, gloss: 0.3, casts: false, flat: 0.35 };
    return [{ handle: this.marks.shaft, frame, ...look }, { handle: this.marks.head, frame: tip, ...look }];
  }

  /* A line across the floor that runs at the velocity that is asked for, as in a race against the clock. */
  pacer(x) {
    const size = this.look.size, ground = this.floor.height;
    const things = [{ ...this.mark('strip', [x, 0, ground + 0.003 * size], UPRIGHT, GOAL_PALE), casts: false }];
    for (const side of [-0.9 * size, 0.9 * size]) {
      things.push(this.mark('post', [x, side, ground + 0.22 * size], UPRIGHT, POLE_COLOR));
      things.push(this.mark('knob', [x, side, ground + 0.46 * size], UPRIGHT, GOAL_COLOR));
    }
    return things;
  }

  flag(x, y) {
    const size = this.look.size, ground = this.floor.height;
    return [
      { ...this.mark('disc', [x, y, ground + 0.006 * size], UPRIGHT, GOAL_PALE), casts: false },
      this.mark('pole', [x, y, ground + 0.25 * size], UPRIGHT, POLE_COLOR),
      this.mark('cloth', [x + 0.13 * size, y, ground + 0.415 * size], UPRIGHT, GOAL_COLOR),
    ];
  }

  goal(task, place, seconds) {
    const [a, b] = this.look.goalNumbers, x = task.numbers[a], y = task.numbers[b];
    if (this.look.goal === 'direction') return this.arrow(place, (x < 0 ? -0.9 : 0.9) * this.look.size);
    if (this.look.goal === 'velocity') {
      return [...(Math.abs(x) > 0.02 ? this.arrow(place, 0.5 * x) : []), ...this.pacer(x * seconds)];
    }
    return this.look.goal === 'place' ? this.flag(x, y) : [];
  }

  /* Where it has been: a band on the floor; where ways are what is looked at, also thin ones of other trajectories. */
  trail(act, motion, step, rgb) {
    const { paths, track, planar } = this.look;
    if (!paths && !(track && !planar)) return [];
    const whole = Math.floor(clamp(step, 0, motion.length)); /* ways of others have every state */
    const state = Math.min(motion.states - 1, Math.floor(whole / motion.stride));
    if (!this.ways.has(act)) this.ways.set(act, this.makeWays(act, motion));
    const ways = this.ways.get(act);
    const all = ways.others.map((handle) => ({
      handle, frame: frameOf([0, 0, 0], UPRIGHT), color: [...rgb, 0.13], flat: 1, casts: false,
      count: Math.min(handle.count, 6 * whole),
    }));
    all.push({ handle: ways.own, frame: frameOf([0, 0, 0], UPRIGHT), color: [...rgb.map((c) => mix(c, 1, 0.2)), 0.85], flat: 1, gloss: 0, casts: false,
      count: 6 * state });
    return all;
  }

  makeWays(act, motion) {
    const { paths, follows: body, pathRadius: radius, size } = this.look, ground = this.floor.height;
    const band = (way, width, above) => this.renderer.upload(ribbon(way, width, ground + above * size));
    return {
      own: band(motion.way(body), (paths ? 1.5 : 2.2) * radius, 0.005),
      others: (act.ways || []).map((other, i) =>
        band(pointsOf(other.way, other.low, other.high), 0.7 * radius, 0.002 + 0.0001 * i)),
    };
  }
}

