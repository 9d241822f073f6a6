/* shapes.js: triangles of simple shapes, in the sizes that MuJoCo gives: { points, normals, corners }. */

const ROUND = 40; /* sides of what is round */
const QUARTER = 10; /* rings from pole to equator */

/* A profile of [radius, height, outward, upward] turned around the z axis. */
function turned(profile) {
  const points = [], normals = [], corners = [];
  for (let side = 0; side <= ROUND; side++) {
    const angle = (2 * Math.PI * side) / ROUND;
    const c = Math.cos(angle), s = Math.sin(angle);
    for (const [radius, height, outward, upward] of profile) {
      points.push(radius * c, radius * s, height);
      normals.push(outward * c, outward * s, upward);
    }
  }
  const n = profile.length;
  for (let side = 0; side < ROUND; side++) {
    for (let i = 0; i + 1 < n; i++) {
      const a = side * n + i, b = a + n;
      corners.push(a, b, a + 1, b, b + 1, a + 1);
    }
  }
  return { points, normals, corners };
}

/* A ball cut at its equator, its halves `half` away from the middle. */
function capsule(radius, half) {
  const profile = [];
  for (let i = -QUARTER; i <= QUARTER; i++) {
    const angle = (Math.PI / 2) * (i / QUARTER);
    const c = Math.cos(angle), s = Math.sin(angle);
    if (i === 0 && half > 0) profile.push([radius, -half, 1, 0]);
    profile.push([radius * c, radius * s + (i < 0 ? -half : half), c, s]);
  }
  return turned(profile);
}

function ellipsoid(size) {
  const ball = capsule(1, 0);
  for (let i = 0; i < ball.points.length; i += 3) {
    const normal = unit([0, 1, 2].map((k) => ball.normals[i + k] / size[k]));
    for (let k = 0; k < 3; k++) {
      ball.points[i + k] *= size[k];
      ball.normals[i + k] = normal[k];
    }
  }
  return ball;
}

/* Closed at both ends; the upper end may have another radius (0: a cone). */
function cylinder(radius, half, upper = radius) {
  const slope = unit([2 * half, radius - upper, 0]);
  return turned([
    [0, -half, 0, -1], [radius, -half, 0, -1], [radius, -half, slope[0], slope[1]],
    [upper, half, slope[0], slope[1]], [upper, half, 0, 1], [0, half, 0, 1],
  ]);
}

function box(half) {
  const points = [], normals = [], corners = [];
  for (let axis = 0; axis < 3; axis++) {
    for (const sign of [-1, 1]) {
      const first = points.length / 3, u = (axis + 1) % 3, v = (axis + 2) % 3;
      for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
        const point = [0, 0, 0], normal = [0, 0, 0];
        point[axis] = sign * half[axis];
        point[u] = a * half[u];
        point[v] = b * half[v];
        normal[axis] = sign;
        points.push(...point);
        normals.push(...normal);
      }
      const order = sign > 0 ? [0, 1, 2, 0, 2, 3] : [0, 2, 1, 0, 3, 2];
      corners.push(...order.map((i) => first + i));
    }
  }
  return { points, normals, corners };
}

/* A plane that is not the floor: size 0 is far. */
function sheet(size) {
  const x = size[0] || 20, y = size[1] || 20;
  return {
    points: [-x, -y, 0, x, -y, 0, x, y, 0, -x, y, 0],
    normals: [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1],
    corners: [0, 1, 2, 0, 2, 3],
  };
}

/* Triangles of a mesh: edges stay edges where two sides meet at more than 40 degrees, all else is smooth. */
function mesh(points, triangles) {
  const count = triangles.length / 3, facing = new Float32Array(3 * count);
  const around = Array.from({ length: points.length / 3 }, () => []);
  for (let t = 0; t < count; t++) {
    const [a, b, c] = [0, 1, 2].map((k) => points.subarray(3 * triangles[3 * t + k], 3 * triangles[3 * t + k] + 3));
    facing.set(cross(sub(b, a), sub(c, a)), 3 * t); /* as long as the triangle is large */
    for (let k = 0; k < 3; k++) around[triangles[3 * t + k]].push(t);
  }
  const at = (t) => facing.subarray(3 * t, 3 * t + 3), limit = Math.cos((40 * Math.PI) / 180);
  const out = { points: [], normals: [], corners: [] };
  for (let t = 0; t < count; t++) {
    const own = unit(at(t));
    for (let k = 0; k < 3; k++) {
      const corner = triangles[3 * t + k], sum = [0, 0, 0];
      for (const other of around[corner]) {
        if (dot(own, unit(at(other))) < limit) continue;
        for (let i = 0; i < 3; i++) sum[i] += at(other)[i];
      }
      out.points.push(points[3 * corner], points[3 * corner + 1], points[3 * corner + 2]);
      out.normals.push(...unit(sum));
      out.corners.push(3 * t + k);
    }
  }
  return out;
}

/* A band on the floor along a way of places (x, y, z, …), so wide; two points a place. */
function ribbon(way, width, height) {
  const points = [], normals = [], corners = [], count = way.length / 3;
  let side = [0, 1];
  for (let i = 0; i < count; i++) {
    const a = Math.max(0, i - 1), b = Math.min(count - 1, i + 1);
    const dx = way[3 * b] - way[3 * a], dy = way[3 * b + 1] - way[3 * a + 1], length = Math.hypot(dx, dy);
    if (length > 1e-9) side = [-dy / length, dx / length];
    for (const sign of [-0.5, 0.5]) {
      points.push(way[3 * i] + sign * width * side[0], way[3 * i + 1] + sign * width * side[1], height);
      normals.push(0, 0, 1);
    }
    if (i > 0) corners.push(2 * i - 2, 2 * i - 1, 2 * i, 2 * i - 1, 2 * i + 1, 2 * i);
  }
  return { points, normals, corners };
}

/* A geom as the document has it. */
function shapeOf(geom, meshes) {
  const size = geom.size;
  switch (geom.type) {
    case 'plane': return sheet(size);
    case 'sphere': return capsule(size[0], 0);
    case 'capsule': return capsule(size[0], size[1]);
    case 'ellipsoid': return ellipsoid(size);
    case 'cylinder': return cylinder(size[0], size[1]);
    case 'box': return box(size);
    default: {
      const from = meshes[geom.mesh];
      return mesh(pointsOf(from.points, from.low, from.high), intsOf(from.triangles));
    }
  }
}

