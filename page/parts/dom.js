/* dom.js: elements in a line, numbers as people read them, the page's colours. Text is only ever set as text. */

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  return dress(made, attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  return dress(made, attributes, children);
}

function dress(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name === 'style') made.style.cssText = value;
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/* With a real minus, and as many digits as tell something. */
function numberText(x, digits) {
  if (!Number.isFinite(x)) return '–';
  const size = Math.abs(x);
  const places = digits !== undefined ? digits : size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3;
  const text = x.toFixed(places);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '−');
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/* Signs of numbers and between them as they are printed. */
const typeset = (text) => text.replace(/ - /g, ' − ').replace(/-(?=[\d.])/g, '−');
/* Gradient steps on the way to so many. */
const stepText = (t, steps) => `step ${numberText(t, Math.abs(t - Math.round(t)) < 0.02 ? 0 : 1)} / ${steps}`;
const plural = (count, word) => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
const cssColor = (rgb) => `rgb(${rgb.map((c) => Math.round(255 * c)).join(' ')})`;
const isDark = () => window.matchMedia('(prefers-color-scheme: dark)').matches;

/* Calls with the new size whenever an element's changes, and at first. */
function onResize(of, call) {
  new ResizeObserver(() => call(of.clientWidth, of.clientHeight)).observe(of);
}

/* Calls with every key that is meant for the page, and neither for the browser nor for a list. */
function onKey(call) {
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'SELECT')) call(event);
  });
}

/* Buttons of which one is chosen, also by the arrows up and down; choose(index) is called. Returns { root, add(name), rename(i, name),
 * set(index) }. */
function chooser(label, names, choose) {
  /* the mouse leaves the keyboard to the player */
  const stay = (event) => event.preventDefault();
  const make = (name, i) =>
    element('button', { type: 'button', role: 'tab', 'aria-selected': 'false', onclick: () => choose(i), onmousedown: stay }, name);
  const buttons = names.map(make);
  let at = 0;
  onKey((event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    choose((at + by + buttons.length) % buttons.length);
  });
  const root = element('div', { class: 'chooser', role: 'tablist', 'aria-label': label }, ...buttons);
  return {
    root,
    add(name) {
      const i = buttons.length;
      buttons.push(make(name, i));
      root.append(buttons[i]);
    },
    rename(i, name) { buttons[i].textContent = name; },
    set(index) {
      at = index;
      buttons.forEach((button, i) => button.setAttribute('aria-selected', i === index));
      const chosen = buttons[index];
      root.scrollTo({ left: chosen.offsetLeft - (root.clientWidth - chosen.offsetWidth) / 2 });
    },
  };
}

/* What keys do, for people who ask. */
function keyList(rows) {
  return element('details', { class: 'keys' }, element('summary', {}, 'Keys and gestures'),
    element('dl', {}, ...rows.flatMap(([key, what]) => [element('dt', {}, key), element('dd', {}, what)])));
}

/* "Term: text" in two columns. */
function facts(rows) {
  return element('dl', { class: 'facts' },
    ...rows.filter((row) => row[1]).flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]));
}

