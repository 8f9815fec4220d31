// SPDX-License-Identifier: MIT
// node page.js PACKAGES CHROMIUM PAGE SCREENSHOTS: tries a report's page in a browser, opened from the disk, and writes
// {check: [what is wrong]} as JSON. page_test.py runs it, and knows what is on the page: of a report, or of a comparison.
'use strict';
const fs = require('fs');
const path = require('path');

const [packages, chromium, file, screenshots] = process.argv.slice(2);
const playwright = require(path.join(packages, 'node_modules', 'playwright-core'));
const axe = fs.readFileSync(path.join(packages, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
const address = 'file://' + file;
const kBound_ms = 30000;

const found = {};
let browser;

// What a page does while it is tried: anything on the console, any request but for itself, any dialog.
async function open(options, hash) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(kBound_ms);
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => wrong.push('console: ' + message.text()));
  page.on('pageerror', (error) => wrong.push('error: ' + error));
  page.on('dialog', (dialog) => { wrong.push('dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('request', (request) => { if (!request.url().startsWith(address)) wrong.push('request: ' + request.url()); });
  await page.goto(address + (hash || ''));
  return { context, page, wrong };
}

async function check(name, options, tries, hash) {
  const problems = found[name] = [];
  const expect = (what, is) => { if (!is) problems.push(what); };
  const opened = await open(options, hash);
  try {
    await tries(opened.page, expect);
    problems.push(...opened.wrong);
  } catch (error) {
    problems.push(String(error));
  }
  await opened.context.close();
}

const rows = (page) => page.locator('.mx tbody tr:visible').count();
const unfold = (page) => page.evaluate(() => { for (const each of document.querySelectorAll('details')) each.open = true; });

async function filters(page, expect) {
  const all = await page.locator('.mx tbody tr').count();
  await page.fill('#q', 'zero');
  const some = await rows(page);
  expect('a text leaves some of the rows: ' + some, some > 0 && some < all);
  expect('it is kept behind the #: ' + page.url(), page.url().endsWith('#q=zero'));
  await page.reload();
  expect('it is there again after a reload', (await page.inputValue('#q')) === 'zero' && (await rows(page)) === some);
  await page.click('button[type=reset]');
  await page.waitForFunction(() => document.getElementById('shown').textContent === '');
  await page.selectOption('#verdict', 'f');
  const failed = await rows(page);
  expect('a verdict leaves those that have it: ' + failed, failed > 0 && failed === (await page.locator('.mx tr:visible:has(td.f)').count()));
  await page.click('button[type=reset]');
  await page.waitForFunction(() => document.getElementById('shown').textContent === '');
  // Two neighbours of which some row is not alike.
  const [one, truly] = await page.evaluate(() => {
    const letters = [...document.querySelectorAll('.mx tbody tr')].map((row) => [...row.cells].slice(1).map((cell) => cell.className));
    const counts = (letter) => letter !== 'o' && letter !== 'z';
    const differing = (i) => letters.filter((row) => row[i] !== row[i + 1] && counts(row[i]) && counts(row[i + 1])).length;
    const first = letters[0].findIndex((_, i) => i + 1 < letters[0].length && differing(i) > 0);
    return [first, differing(first)];
  });
  await page.selectOption('#a', String(one));
  await page.selectOption('#b', String(one + 1));
  const differ = await rows(page);
  expect(`rows that differ: ${differ}, and ${truly} do`, differ === truly && truly > 0);
  expect('nobody else is shown', (await page.locator('.mx .hd span:visible').count()) === 3);
  expect('the count is told', (await page.textContent('#shown')).startsWith(differ + ' of ' + all));
  await page.selectOption('#area', { index: 1 });
  expect('filters add up', (await rows(page)) <= differ);
}

async function leads(page, expect) {
  await page.selectOption('#verdict', 'f');
  const before = page.url();
  const link = page.locator('.mx td.f a:visible').first();
  const target = (await link.getAttribute('href')).slice(1);
  await link.click();
  const there = page.locator('#' + target);
  await there.waitFor({ state: 'visible' });
  expect('the case is in sight', await there.evaluate((element) => {
    const { top } = element.getBoundingClientRect();
    return top >= -5 && top < innerHeight;
  }));
  expect('it has lanes', (await there.locator('svg').count()) === 1);
  await page.goBack();
  expect('back is where it was: ' + page.url(), page.url() === before);
  expect('with its filter', (await page.inputValue('#verdict')) === 'f');
}

async function keyboard(page, expect) {
  await page.keyboard.press('Tab');
  expect('the first stop is the way past the top', (await page.evaluate(() => document.activeElement.className)) === 'skip');
  const summary = page.locator('.mx summary').first();
  await summary.focus();
  const isOpen = () => summary.evaluate((element) => element.parentElement.open);
  const was = await isOpen();
  await page.keyboard.press('Enter');
  expect('Enter folds and unfolds an area', (await isOpen()) !== was);
  if (was) await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  expect('where the focus is can be seen: ' + outline, outline !== 'none');
}

async function accessible(page, expect) {
  // All kinds of parts, and of those that there are many of the first few.
  await page.evaluate(() => {
    for (const each of document.querySelectorAll('details:not(.k)')) each.open = true;
    for (const kind of ['.k:has(.f)', '.k:has(.x)', '.k']) [...document.querySelectorAll(kind)].slice(0, 2).forEach((each) => { each.open = true; });
    [...document.querySelectorAll('.a')].slice(1).forEach((each) => { each.open = false; });
  });
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of result.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary).join(' | ');
    expect(`${violation.impact} ${violation.id} ${violation.nodes.length}: ${where}`, !['serious', 'critical'].includes(violation.impact));
  }
}

async function withoutScripts(page, expect) {
  expect('there is no filter that would do nothing', !(await page.isVisible('#filter')));
  if ((await rows(page)) === 0) await page.locator('.mx summary').first().click();
  expect('an area opens', (await rows(page)) > 0);
  await page.locator('.mx td a:visible, .mx th a:visible').first().click();
  const target = new URL(page.url()).hash;
  expect('a link leads to its case: ' + target, await page.isVisible(target));
}

async function harmless(page, expect) {
  await unfold(page);
  expect('nothing of others ran', (await page.evaluate(() => window.__pwned)) === undefined);
  const links = await page.evaluate(() => [...document.links].map((link) => link.href));
  const strange = links.filter((link) => !link.startsWith('http://') && !link.startsWith('https://') && !link.startsWith('file:'));
  expect('links: ' + strange, strange.length === 0);
  expect('others made elements', (await page.locator('main img, main iframe, main script, main b').count()) === 0);
}

async function narrow(page, expect) {
  for (const unfolded of [false, true]) {
    if (unfolded) await unfold(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(`${width} px wide`, width <= 390);
  }
  const box = page.locator('#mx');
  await box.evaluate((element) => { element.scrollLeft = 200; });
  const stays = await page.evaluate(() => document.querySelector('.mx tbody th').getBoundingClientRect().left >= 0);
  expect('names stay in sight', stays);
}

async function prints(page, expect) {
  await page.emulateMedia({ media: 'print' });
  expect('no filter on paper', !(await page.isVisible('#filter')));
  expect('pages come of it', (await page.pdf()).length > 1000);
}

async function pictures() {
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      const { context, page } = await open({ viewport: { width, height: 900 }, colorScheme });
      const name = (part) => path.join(screenshots, `${part}-${width}-${colorScheme}.png`);
      await page.screenshot({ path: name('top') });
      const target = await page.getAttribute('.mx td.f a', 'href');
      await page.evaluate((hash) => { location.hash = hash; }, target.split('-')[0]);
      await page.locator(target).waitFor({ state: 'visible' });
      await page.screenshot({ path: name('case') });
      await context.close();
    }
  }
}

(async () => {
  // Root's processes get no sandbox of Chromium's; the page is a file of this test's own.
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  browser = await playwright.chromium.launch({ executablePath: chromium, args, timeout: kBound_ms });
  await check('opens', {}, async (page, expect) => {
    expect('it has a matrix', (await page.locator('.mx summary').count()) > 0);
    const { loadEventEnd } = await page.evaluate(() => performance.getEntriesByType('navigation')[0].toJSON());
    found.loaded_ms = [Math.round(loadEventEnd)];
  });
  await check('filters', {}, filters);
  await check('leads', {}, leads);
  await check('keyboard', {}, keyboard);
  await check('accessible-light', { colorScheme: 'light' }, accessible);
  await check('accessible-dark', { colorScheme: 'dark' }, accessible);
  await check('without-scripts', { javaScriptEnabled: false }, withoutScripts);
  await check('harmless', {}, harmless);
  await check('narrow', { viewport: { width: 390, height: 844 } }, narrow);
  await check('prints', {}, prints);
  await pictures();
  await browser.close();
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error); process.exit(1); });
