/* camera.js: how all panes are looked at: one orbit around what each follows, turned by dragging, and the gestures for it. */

const FIELD_OF_VIEW = (38 * Math.PI) / 180; /* of a pane's height */
const WIDTH_WANTED = 1.15; /* of a pane, as a multiple of its height: narrower ones are looked at from farther away */
const DEGREE = Math.PI / 180;

class Camera {
  constructor(look, changed) {
    this.look = look;
    this.changed = changed;
    this.reset();
  }

  reset() {
    this.azimuth = this.look.azimuth;
    this.elevation = this.look.elevation;
    this.zoom = 1;
    this.offset = [...this.look.middle];
    this.changed();
  }

  turn(dx, dy) {
    this.azimuth -= 0.35 * dx;
    this.elevation = clamp(this.elevation - 0.35 * dy, -89, 4);
    this.changed();
  }

  near(factor) {
    this.zoom = clamp(this.zoom * factor, 0.25, 6);
    this.changed();
  }

  /* By so many pixels of a pane that is `height` high. */
  move(dx, dy, height) {
    const metres = (2 * this.look.distance * this.zoom * Math.tan(FIELD_OF_VIEW / 2)) / height;
    const a = this.azimuth * DEGREE;
    this.offset[0] += metres * -dx * Math.sin(a);
    this.offset[1] += metres * (dx * Math.cos(a));
    this.offset[2] += metres * dy;
    this.changed();
  }

  /* What the renderer takes, for a pane of that width and height that follows what is at `place`. */
  at(place, floor, width, height) {
    const { look } = this, usual = floor + look.height, above = place[2] - usual;
    const target = [0, 1, 2].map((k) => this.offset[k] + (k < 2 && look.track ? place[k] : 0));
    target[2] += usual + (look.track ? above - clamp(above, -look.size, look.size) : 0);
    const distance = look.distance * this.zoom * Math.max(1, (WIDTH_WANTED * height) / width);
    const a = this.azimuth * DEGREE, e = this.elevation * DEGREE;
    const forward = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
    const eye = target.map((t, k) => t - distance * forward[k]);
    eye[2] = Math.max(eye[2], floor + 0.02 * look.size);
    return { eye, target, fieldOfView: FIELD_OF_VIEW, shadowAt: [place[0], place[1], floor + 0.3 * look.size] };
  }

  /* Gestures on an element: drag turns (with the right button, or Shift: moves), wheel or two fingers go nearer, a double click
   * returns. A finger that goes up or down scrolls the page, as it does everywhere. */
  listen(element) {
    const fingers = new Map();
    let engaged = false; /* the wheel is the page's until something was done here */
    const apart = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener('pointerdown', (event) => {
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      element.setPointerCapture(event.pointerId);
      engaged = true;
    });
    element.addEventListener('pointermove', (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const dx = event.clientX - before.x, dy = event.clientY - before.y;
      const was = fingers.size === 2 ? apart() : 0;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) {
        this.near(was / Math.max(1, apart()));
        this.move(dx / 2, dy / 2, element.clientHeight);
      } else if (event.shiftKey || event.buttons === 2) {
        this.move(dx, dy, element.clientHeight);
      } else {
        this.turn(dx, event.pointerType === 'touch' ? 0 : dy);
      }
    });
    for (const end of ['pointerup', 'pointercancel']) {
      element.addEventListener(end, (event) => fingers.delete(event.pointerId));
    }
    element.addEventListener('pointerleave', (event) => {
      if (!fingers.has(event.pointerId)) engaged = false;
    });
    element.addEventListener('wheel', (event) => {
      const scrolls = document.documentElement.scrollHeight > window.innerHeight + 2;
      if (scrolls && !engaged && !event.ctrlKey) return;
      event.preventDefault();
      this.near(Math.exp(clamp(event.deltaY, -120, 120) * 0.0016));
    }, { passive: false });
    element.addEventListener('dblclick', () => this.reset());
  }
}

