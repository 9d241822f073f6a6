/* data.js: the page's document, and numbers in bulk out of it (base64 of little-endian bytes, as page/json.c writes them). */

function readData() {
  return JSON.parse(document.getElementById('data').textContent);
}

function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
const intsOf = (text) => new Int32Array(bytesOf(text).buffer);

/* Points (count x 3) that were written as 16 bits of the way from low to high. */
function pointsOf(text, low, high) {
  const steps = new Uint16Array(bytesOf(text).buffer);
  const points = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) {
    const axis = i % 3;
    points[i] = low[axis] + (steps[i] / 65535) * (high[axis] - low[axis]);
  }
  return points;
}

/* Turns (count x 4: w, x, y, z) that were written as 32767ths. */
function turnsOf(text) {
  const steps = new Int16Array(bytesOf(text).buffer);
  return Float32Array.from(steps, (s) => s / 32767);
}

