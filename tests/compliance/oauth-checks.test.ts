import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/compliance/oauth-checks.md'), 'utf8')
const rows = [...page.matchAll(/^\| (O\d+) .*\|$/gm)].map(([line, id = '']) => ({
  id,
  shownBy: line.split(' | ').at(-1) ?? '',
}))

/** `path`: "title"; "title" · `path`: … */
const claims = rows.flatMap(({ id, shownBy }) =>
  shownBy.split(' · ').flatMap((part) => {
    const file = /`([^`]+)`: /.exec(part)?.[1] ?? ''
    const titles = [...part.matchAll(/"((?:[^"\\]|\\.)+)"/g)].map(([, title = '']) => title.replaceAll('\\"', '"'))
    return titles.map((title) => ({ id, file, title }))
  }),
)

describe('the page of OAuth checks', () => {
  test('has every check once, each with a test', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 29 }, (_, index) => `O${index + 1}`))
    expect(rows.filter(({ id }) => !claims.some((claim) => claim.id === id))).toEqual([])
  })

  test.for(claims)('$id names a test that exists: $title', ({ file, title }) => {
    const source = readFileSync(join(ROOT, file), 'utf8')
    const quoted = [`'${title}'`, `"${title}"`]
    expect(quoted.some((text) => source.includes(text))).toBe(true)
  })
})

describe('a header that a proxy or a client could set to lie', () => {
  test('is named only where it is dropped, or believed of the proxies that are configured', () => {
    const files = globSync('service/**/*.ts', { cwd: ROOT }).filter(
      (file) => !/\.test\.ts$|\/simulator(\/|\.ts$)|\/generated\//.test(file),
    )
    const reading = files.filter((file) =>
      /trustProxy|x-forwarded-|'forwarded'|headers\.host\b|request\.(hostname|host|ips)\b|headers\[?.{0,3}x-hasura-/i.test(
        readFileSync(join(ROOT, file), 'utf8'),
      ),
    )
    expect(reading.sort()).toEqual([
      'service/access/settings.ts',
      'service/api/edge-headers.ts',
      'service/api/server.ts',
    ])
  })
})
