// SPDX-License-Identifier: MIT
// Filters the matrix, and keeps what is filtered behind the '#' of the address. Without it the page has all it says.
'use strict';
(() => {
  const form = document.getElementById('filter');
  const box = document.getElementById('mx');

  // Older browsers do not open what a link points into.
  const reveal = () => {
    const target = /^#c[0-9]/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.localName === 'details') at.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  reveal();
  if (!form || !box) return;

  const fields = ['q', 'area', 'verdict', 'a', 'b'].map((name) => document.getElementById(name));
  const [text, area, verdict, one, other] = fields;
  const areas = [...box.querySelectorAll('.a')].map((element) => ({
    element,
    name: element.dataset.a,
    wasOpen: false,
    rows: [...element.querySelectorAll('tbody tr')].map((row) => ({
      row,
      name: (element.dataset.a + '/' + row.cells[0].textContent).toLowerCase(),
      letters: [...row.cells].slice(1).map((cell) => cell.className),
    })),
  }));
  const shown = document.getElementById('shown');
  const total = areas.reduce((sum, each) => sum + each.rows.length, 0);
  const kOpened = 400;  // rows that are unfolded at once
  let filtered = false;

  // What is not for the version of one, or was not asked of it, is no difference.
  const differ = (a, b) => a !== b && ![a, b].some((letter) => letter === 'o' || letter === 'z');
  // Beside a pair nobody else is shown.
  const lines = [...box.querySelectorAll('.g, tr')].map((line) => [...line.children].slice(1));
  let shownPair = null;
  const narrow = (pair) => {
    if (String(pair) === String(shownPair)) return;
    shownPair = pair;
    for (const line of lines) line.forEach((cell, i) => { cell.hidden = pair !== null && !pair.includes(String(i)); });
  };

  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const pair = one.value !== '' && other.value !== '' ? [one.value, other.value] : null;
    const active = words.length > 0 || area.value !== '' || verdict.value !== '' || pair !== null;
    const fits = (each, row) => (area.value === '' || each.name === area.value) && words.every((word) => row.name.includes(word)) &&
      (verdict.value === '' || row.letters.includes(verdict.value)) && (!pair || differ(row.letters[pair[0]], row.letters[pair[1]]));
    narrow(pair);
    let count = 0;
    for (const each of areas) {
      each.count = 0;
      for (const row of each.rows) {
        const fit = fits(each, row);
        if (row.row.hidden === fit) row.row.hidden = !fit;
        if (fit) ++each.count;
      }
      count += each.count;
      each.element.hidden = active && each.count === 0;
    }
    for (const each of areas) {
      if (active && !filtered) each.wasOpen = each.element.open;
      if (active) each.element.open = each.count > 0 && count <= kOpened;
      else if (filtered) each.element.open = each.wasOpen;
    }
    filtered = active;
    shown.textContent = active ? `${count} of ${total} scenarios` : '';
  };
  const write = () => {
    const query = new URLSearchParams();
    for (const field of fields) if (field.value !== '') query.set(field.id, field.value);
    history.replaceState(null, '', '#' + (query.toString() || 'matrix'));
    apply();
  };
  const read = () => {
    if (!location.hash.includes('=')) return;
    const query = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) field.value = query.get(field.id) || '';
    apply();
  };
  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', write);
  form.addEventListener('reset', () => setTimeout(write));
  addEventListener('hashchange', read);
  // A browser that comes back to a page fills in what was in its fields.
  if (location.hash.includes('=')) read();
  else apply();
})();
