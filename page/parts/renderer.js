/* renderer.js: draws solids, a floor and a sky by WebGL 2, lit by a sun whose shadows are soft. It knows nothing of bodies or tasks.
 *
 * A picture is drawn into a rectangle of the canvas: first the sun's view of what casts shadows, into a depth texture, then the picture.
 * Light is computed in linear colours. */

const SHADOW_SIZE = 1024;
const SUN = unit([-0.38, -0.62, 1.15]); /* towards it */

const SOLID_VERTEX = `#version 300 es
in vec3 point;
in vec3 normal;
uniform mat4 model, view, sun;
uniform float offset;
out vec3 at, facing;
out vec4 sunAt;
void main() {
  vec4 world = model * vec4(point, 1.0);
  at = world.xyz;
  facing = mat3(model) * normal;
  sunAt = sun * vec4(world.xyz + normalize(facing) * offset, 1.0);
  gl_Position = view * world;
}`;

/* shared by solids and floor */
const LIGHT = `
precision highp float;
precision highp sampler2DShadow;
uniform sampler2DShadow shadow;
uniform vec3 eye, toSun, skyHigh, skyLow, ground, sunColor;
uniform float fogStart, fogEnd, shadowSoftness, bias;
uniform int samples;
vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }
vec3 shown(vec3 c) { return pow(c, vec3(1.0 / 2.2)); }
/* the share of the sun that gets there: a disc of samples, each of which the graphics card already smooths */
float sunlight(vec4 sunAt) {
  vec3 p = sunAt.xyz * 0.5 + 0.5;
  if (any(lessThan(p, vec3(0.0))) || any(greaterThan(p, vec3(1.0)))) return 1.0;
  float sum = 0.0;
  for (int i = 0; i < samples; i++) {
    float r = sqrt((float(i) + 0.5) / float(samples)), a = float(i) * 2.399963;
    sum += texture(shadow, vec3(p.xy + r * shadowSoftness * vec2(cos(a), sin(a)), p.z - bias));
  }
  vec2 edge = smoothstep(vec2(0.0), vec2(0.08), p.xy) * smoothstep(vec2(0.0), vec2(0.08), 1.0 - p.xy);
  return mix(1.0, sum / float(samples), edge.x * edge.y);
}
float fog(vec3 at) { return smoothstep(fogStart, fogEnd, length(at - eye)); }
`;

const SOLID_FRAGMENT = `#version 300 es
${LIGHT}
in vec3 at, facing;
in vec4 sunAt;
uniform vec4 color;
uniform float gloss, flatness;
out vec4 result;
void main() {
  vec3 n = normalize(facing), v = normalize(eye - at);
  if (!gl_FrontFacing) n = -n;
  vec3 base = linear(color.rgb);
  float lit = max(dot(n, toSun), 0.0) * sunlight(sunAt);
  vec3 around = mix(ground, skyHigh, 0.5 + 0.5 * n.z);
  float edge = pow(1.0 - max(dot(n, v), 0.0), 4.0);
  float shine = pow(max(dot(n, normalize(v + toSun)), 0.0), 48.0) * step(0.001, lit);
  vec3 light = base * (around + sunColor * lit) + gloss * (0.22 * shine * sunColor * lit + 0.28 * edge * skyHigh);
  light = mix(light, base, flatness);
  result = vec4(shown(mix(light, skyLow, fog(at))), color.a);
}`;

const FLOOR_VERTEX = `#version 300 es
in vec3 point;
uniform mat4 view, sun;
uniform vec3 middle;
uniform float reach;
out vec3 at;
out vec4 sunAt;
void main() {
  at = vec3(middle.xy + reach * point.xy, middle.z);
  sunAt = sun * vec4(at, 1.0);
  gl_Position = view * vec4(at, 1.0);
}`;

const FLOOR_FRAGMENT = `#version 300 es
${LIGHT}
in vec3 at;
in vec4 sunAt;
uniform vec3 tileA, tileB, lineColor;
uniform float tile, lineAtStart, darkness;
out vec4 result;
/* how much of a pixel is of the first kind of a row of tiles, from -1 to 1: the mean over the pixel's width */
float stripes(float x, float width) {
  float a = x - 0.5 * width, b = x + 0.5 * width;
  float ia = abs(fract(a * 0.5) - 0.5), ib = abs(fract(b * 0.5) - 0.5);
  return clamp(2.0 * (ia - ib) / width, -1.0, 1.0);
}
void main() {
  vec2 p = at.xy / tile, w = max(fwidth(p), 1e-4);
  float checks = 0.5 - 0.5 * stripes(p.x, w.x) * stripes(p.y, w.y);
  vec3 base = mix(linear(tileA), linear(tileB), checks);
  float line = 1.0 - smoothstep(0.022 * tile, 0.022 * tile + fwidth(at.x) + 1e-5, abs(at.x));
  base = mix(base, linear(lineColor), line * lineAtStart);
  base *= mix(1.0 - darkness, 1.0, sunlight(sunAt));
  result = vec4(shown(mix(base, skyLow, fog(at))), 1.0);
}`;

const SKY_VERTEX = `#version 300 es
in vec3 point;
out float height;
void main() {
  height = point.y;
  gl_Position = vec4(point.xy, 0.9999, 1.0);
}`;

const SKY_FRAGMENT = `#version 300 es
precision highp float;
in float height;
uniform vec3 skyTop, skyLow;
uniform float horizon;
out vec4 result;
void main() {
  float share = smoothstep(horizon, horizon + 1.3, height);
  result = vec4(pow(mix(skyLow, skyTop, share), vec3(1.0 / 2.2)), 1.0);
}`;

const SHADOW_VERTEX = `#version 300 es
in vec3 point;
uniform mat4 model, sun;
void main() { gl_Position = sun * model * vec4(point, 1.0); }`;

const SHADOW_FRAGMENT = `#version 300 es
precision mediump float;
void main() {}`;

/* How the world looks on a light and on a dark page; colours as on screen. */
const WORLD_LIGHT = {
  skyTop: [0.86, 0.905, 0.945], skyLow: [0.945, 0.955, 0.965], around: [0.60, 0.63, 0.67], ground: [0.40, 0.39, 0.38],
  sun: [0.86, 0.83, 0.78], tileA: [0.90, 0.912, 0.925], tileB: [0.845, 0.862, 0.88], line: [1, 1, 1], darkness: 0.48,
};
const WORLD_DARK = {
  skyTop: [0.085, 0.098, 0.12], skyLow: [0.135, 0.15, 0.175], around: [0.42, 0.46, 0.52], ground: [0.17, 0.18, 0.2],
  sun: [0.86, 0.84, 0.8], tileA: [0.215, 0.235, 0.265], tileB: [0.18, 0.198, 0.225], line: [0.52, 0.56, 0.6], darkness: 0.62,
};
const toLinear = (color) => color.map((c) => c ** 2.2);

/* Whether the browser says that no graphics card draws, which must be known before the canvas is asked for smooth edges. */
function drawsInSoftware() {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return false;
  const plain = String(gl.getParameter(gl.RENDERER));
  const told = plain.startsWith('WebKit') && gl.getExtension('WEBGL_debug_renderer_info');
  const name = told ? gl.getParameter(told.UNMASKED_RENDERER_WEBGL) : plain;
  const end = gl.getExtension('WEBGL_lose_context');
  if (end) end.loseContext();
  return /swiftshader|llvmpipe|software/i.test(name);
}

class Renderer {
  /* Throws where the browser has no WebGL 2. */
  constructor(canvas) {
    this.canvas = canvas;
    const software = drawsInSoftware();
    const gl = (this.gl = canvas.getContext('webgl2', { antialias: !software, alpha: true }));
    if (!gl) throw new Error('This browser has no WebGL 2, which the bodies are drawn with.');
    this.solid = this.program(SOLID_VERTEX, SOLID_FRAGMENT);
    this.floor = this.program(FLOOR_VERTEX, FLOOR_FRAGMENT);
    this.sky = this.program(SKY_VERTEX, SKY_FRAGMENT);
    this.caster = this.program(SHADOW_VERTEX, SHADOW_FRAGMENT);
    this.square = this.upload({
      points: [-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0], normals: new Array(12).fill(0), corners: [0, 1, 2, 0, 2, 3],
    });
    this.makeShadow();
    this.samples = 20; /* of the sun, a pixel */
    this.mostPixels = 2; /* a pixel of CSS, along a side */
    if (software) this.economise();
    gl.enable(gl.DEPTH_TEST);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  program(vertex, fragment) {
    const gl = this.gl, program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
        throw new Error(gl.getShaderInfoLog(shader));
      }
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, 'point');
    gl.bindAttribLocation(program, 1, 'normal');
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program));
    }
    const at = {};
    for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
      const name = gl.getActiveUniform(program, i).name;
      at[name] = gl.getUniformLocation(program, name);
    }
    return { program, at };
  }

  /* Triangles to the graphics card: a handle for `things`. */
  upload(shape) {
    const gl = this.gl, array = gl.createVertexArray();
    const buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    gl.bindVertexArray(array);
    [shape.points, shape.normals].forEach((numbers, i) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers[i]);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(numbers), gl.STATIC_DRAW);
      gl.enableVertexAttribArray(i);
      gl.vertexAttribPointer(i, 3, gl.FLOAT, false, 0, 0);
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers[2]);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, new Uint32Array(shape.corners), gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    return { array, count: shape.corners.length };
  }

  makeShadow() {
    const gl = this.gl;
    this.shadowTexture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.shadowTexture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.DEPTH_COMPONENT24, SHADOW_SIZE, SHADOW_SIZE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_FUNC, gl.LEQUAL);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    this.shadowBuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.shadowBuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, this.shadowTexture, 0);
    gl.drawBuffers([gl.NONE]);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /* For machines that draw in software: rougher shadows, no finer than the page. */
  economise() {
    this.samples = 5;
    this.mostPixels = 1;
  }

  /* As large as it is on the page. */
  fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, this.mostPixels), box = this.canvas.getBoundingClientRect();
    const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(box.height * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.ratio = ratio;
    this.box = box;
  }

  clear() {
    const gl = this.gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /* rect: of the page, in pixels of CSS. camera: { eye, target, fieldOfView, shadowAt }. floor: { height, half, tile, start, drawn }.
   * things: [{ handle, frame, color (rgba), gloss, casts, flat, count }]; size: of what casts shadows, around `shadowAt`. */
  draw(rect, camera, things, floor, size, world) {
    const gl = this.gl, r = this.ratio;
    const x = Math.round((rect.left - this.box.left) * r), width = Math.round(rect.width * r);
    const y = Math.round((this.box.bottom - rect.bottom) * r), height = Math.round(rect.height * r);
    if (width < 2 || height < 2) return;
    const reach = Math.hypot(...sub(camera.eye, camera.target));
    const near = 0.02 * reach, far = 40 * reach;
    const sun = this.castShadows(things, camera.shadowAt, size);
    gl.enable(gl.SCISSOR_TEST);
    gl.viewport(x, y, width, height);
    gl.scissor(x, y, width, height);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    const eyeSees = lookAt(camera.eye, camera.target, [0, 0, 1]);
    const view = multiply(perspective(camera.fieldOfView, width / height, near, far), eyeSees);
    const forward = unit(sub(camera.target, camera.eye));
    const horizon = -Math.tan(Math.asin(forward[2])) / Math.tan(camera.fieldOfView / 2);
    const scene = { view, sun, eye: camera.eye, world, size, fogStart: 2.2 * reach, fogEnd: 9 * reach };
    this.drawSky(scene, horizon);
    if (floor.drawn) this.drawFloor(scene, floor, camera.target, 30 * reach);
    this.drawSolids(scene, things);
  }

  castShadows(things, middle, size) {
    const gl = this.gl, half = 1.7 * size;
    const eye = middle.map((m, i) => m + 4 * half * SUN[i]);
    const sun = multiply(parallel(half, half, 8 * half), lookAt(eye, middle, [0, 0, 1]));
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.shadowBuffer);
    gl.disable(gl.SCISSOR_TEST);
    gl.viewport(0, 0, SHADOW_SIZE, SHADOW_SIZE);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    gl.useProgram(this.caster.program);
    gl.uniformMatrix4fv(this.caster.at.sun, false, sun);
    for (const thing of things) {
      if (!thing.casts) continue;
      gl.uniformMatrix4fv(this.caster.at.model, false, thing.frame);
      gl.bindVertexArray(thing.handle.array);
      gl.drawElements(gl.TRIANGLES, thing.handle.count, gl.UNSIGNED_INT, 0);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return sun;
  }

  /* What solids and floor are lit by. */
  light(at, scene, bias) {
    const gl = this.gl, world = scene.world;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.shadowTexture);
    gl.uniform1i(at.shadow, 0);
    gl.uniformMatrix4fv(at.view, false, scene.view);
    gl.uniformMatrix4fv(at.sun, false, scene.sun);
    gl.uniform3fv(at.eye, scene.eye);
    if (at.toSun) gl.uniform3fv(at.toSun, SUN);
    if (at.skyHigh) gl.uniform3fv(at.skyHigh, toLinear(world.around));
    if (at.ground) gl.uniform3fv(at.ground, toLinear(world.ground));
    if (at.sunColor) gl.uniform3fv(at.sunColor, toLinear(world.sun).map((c) => 1.05 * c));
    gl.uniform3fv(at.skyLow, toLinear(world.skyLow));
    gl.uniform1f(at.fogStart, scene.fogStart);
    gl.uniform1f(at.fogEnd, scene.fogEnd);
    gl.uniform1f(at.shadowSoftness, 0.0105);
    gl.uniform1f(at.bias, bias);
    gl.uniform1i(at.samples, this.samples);
  }

  drawSky(scene, horizon) {
    const gl = this.gl, at = this.sky.at;
    gl.useProgram(this.sky.program);
    gl.uniform3fv(at.skyTop, toLinear(scene.world.skyTop));
    gl.uniform3fv(at.skyLow, toLinear(scene.world.skyLow));
    gl.uniform1f(at.horizon, horizon);
    gl.depthMask(false);
    gl.bindVertexArray(this.square.array);
    gl.drawElements(gl.TRIANGLES, 6, gl.UNSIGNED_INT, 0);
    gl.depthMask(true);
  }

  drawFloor(scene, floor, target, reach) {
    const gl = this.gl, at = this.floor.at, world = scene.world;
    gl.useProgram(this.floor.program);
    this.light(at, scene, 0.0008);
    gl.uniform3fv(at.middle, floor.half > 0 ? [0, 0, floor.height] : [target[0], target[1], floor.height]);
    gl.uniform1f(at.reach, floor.half > 0 ? floor.half : reach);
    gl.uniform3fv(at.tileA, world.tileA);
    gl.uniform3fv(at.tileB, world.tileB);
    gl.uniform3fv(at.lineColor, world.line);
    gl.uniform1f(at.tile, floor.tile);
    gl.uniform1f(at.lineAtStart, floor.start ? 1 : 0);
    gl.uniform1f(at.darkness, world.darkness);
    gl.bindVertexArray(this.square.array);
    gl.drawElements(gl.TRIANGLES, 6, gl.UNSIGNED_INT, 0);
  }

  drawSolids(scene, things) {
    const gl = this.gl, at = this.solid.at;
    gl.useProgram(this.solid.program);
    this.light(at, scene, 0.0022);
    gl.uniform1f(at.offset, 0.006 * scene.size);
    const opaque = things.filter((t) => t.color[3] >= 1), clear = things.filter((t) => t.color[3] < 1);
    for (const list of [opaque, clear]) {
      if (list === clear) {
        gl.enable(gl.BLEND);
        gl.depthMask(false);
      }
      for (const thing of list) {
        gl.uniformMatrix4fv(at.model, false, thing.frame);
        gl.uniform4fv(at.color, thing.color);
        gl.uniform1f(at.gloss, thing.gloss === undefined ? 1 : thing.gloss);
        gl.uniform1f(at.flatness, thing.flat || 0);
        gl.bindVertexArray(thing.handle.array);
        const count = thing.count === undefined ? thing.handle.count : thing.count;
        gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, 0);
      }
    }
    gl.disable(gl.BLEND);
    gl.depthMask(true);
  }
}

