import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drivesProcesses } from './running.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/compliance/gdpr.md'), 'utf8')
const rows = [...page.matchAll(/^\| (Art\. [^|]+?) \|.*\|$/gm)].map(([line, article = '']) => ({
  article,
  shownBy: line.split(' | ').at(-1) ?? '',
}))

/** `path`: "title"; "title" · `path`: … */
const claims = rows.flatMap(({ article, shownBy }) =>
  shownBy.split(' · ').flatMap((part) => {
    const file = /`([^`]+)`: /.exec(part)?.[1] ?? ''
    const titles = [...part.matchAll(/"((?:[^"\\]|\\.)+)"/g)].map(([, title = '']) => title.replaceAll('\\"', '"'))
    return titles.map((title) => ({ article, file, title }))
  }),
)

describe('the page of the GDPR', () => {
  test('names a test for each article', () => {
    expect(rows.length).toBeGreaterThan(10)
    expect(rows.filter(({ article }) => !claims.some((claim) => claim.article === article))).toEqual([])
  })

  test('names a test for each article that drives running processes', () => {
    const driven = claims.filter(({ file }) => drivesProcesses(file)).map(({ article }) => article)
    expect(rows.map(({ article }) => article).filter((article) => !driven.includes(article))).toEqual([])
  })

  test.for(claims)('$article names a test that exists: $title', ({ file, title }) => {
    const source = readFileSync(join(ROOT, file), 'utf8')
    const quoted = [`'${title}'`, `"${title}"`]
    expect(quoted.some((text) => source.includes(text))).toBe(true)
  })
})
