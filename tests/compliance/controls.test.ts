import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drivesProcesses } from './running.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

interface Control {
  readonly page: string
  readonly item: string
  readonly where: readonly string[]
  readonly settings: readonly string[]
  readonly tests: readonly { readonly file: string; readonly titles: readonly string[] }[]
}

/** Rows of five columns: item, how, where, configuration, shown by. */
function controlsOf(page: string): readonly Control[] {
  const rows = [...read(page).matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(' | '))
  return rows
    .filter((cells) => cells.length === 5 && !/^(Item|Criterion|Article|-+)/.test(cells[0] ?? ''))
    .map(([item = '', , where = '', configuration = '', shownBy = '']) => ({
      page,
      item,
      where: quoted(where),
      settings: quoted(configuration),
      tests: shownBy.split(' · ').map((part) => ({
        file: /`([^`]+)`/.exec(part)?.[1] ?? '',
        titles: [...part.matchAll(/"((?:[^"\\]|\\.)+)"/g)].map(([, title = '']) => title.replaceAll('\\"', '"')),
      })),
    }))
}

function quoted(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one)
}

const PAGES = [
  'docs/compliance/hipaa.md',
  'docs/compliance/soc2.md',
  'docs/compliance/gdpr-erasure-and-breaches.md',
].filter((page) => existsSync(join(ROOT, page)))
const controls = PAGES.flatMap(controlsOf)
const settings = read('docs/operations/settings.md')

describe('the pages of controls', () => {
  test('have every item of 45 CFR 164.312, once', () => {
    const items = controls.filter(({ page }) => page.endsWith('hipaa.md')).map(({ item }) => item.split(' ')[0])
    expect(items).toEqual(
      [
        '(a)(1)',
        '(a)(2)(i)',
        '(a)(2)(ii)',
        '(a)(2)(iii)',
        '(a)(2)(iv)',
        '(b)',
        '(c)(1)',
        '(c)(2)',
        '(d)',
        '(e)(1)',
        '(e)(2)(i)',
        '(e)(2)(ii)',
      ].map((item) => `164.312${item}`),
    )
  })

  test('claim nothing without a place in the code and a test', () => {
    expect(controls.filter(({ where, tests }) => where.length === 0 || tests.some(({ file }) => file === ''))).toEqual(
      [],
    )
    expect(controls.length).toBeGreaterThan(25)
  })

  test.for(controls)('$page $item names code, settings and tests that exist', ({ where, settings: named, tests }) => {
    expect([...where, ...tests.map(({ file }) => file)].filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
    expect(named.filter((name) => !settings.includes(name))).toEqual([])
    const missing = tests.flatMap(({ file, titles }) => {
      const source = read(file)
      return titles.filter(
        (title) =>
          ![`'${title}'`, `"${title}"`, `'${title.replaceAll("'", "\\'")}'`].some((text) => source.includes(text)),
      )
    })
    expect(missing).toEqual([])
  })

  // Migrations change a database before anything runs: no door leads there.
  test.for(controls.filter(({ item }) => item !== 'CC8.1 change'))(
    '$page $item names a test that drives running processes',
    ({ tests }) => {
      expect(tests.some(({ file }) => drivesProcesses(file))).toBe(true)
    },
  )

  test('come with templates that have a date and a place for a name', () => {
    const templates = readdirSync(join(ROOT, 'docs/compliance/templates'))
    expect(templates.sort()).toEqual([
      'business-associates.md',
      'incident-response.md',
      'physical-safeguards.md',
      'reviews.md',
      'risk-assessment.md',
      'workforce-log.md',
    ])
    for (const file of templates)
      expect([file, /<[^>]*date|<20\d\d/.test(read(`docs/compliance/templates/${file}`))]).toEqual([file, true])
  })
})
