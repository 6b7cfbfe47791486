import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Command } from '../service/cli/command.ts'
import { findExtraWord } from '../service/cli/extra-word.ts'
import { wordsOf } from './support/command-line.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const pages = globSync(['*.md', '{database,deploy,docs,hasura,service,tests}/**/*.md'], { cwd: ROOT }).filter(
  (page) => !page.includes('node_modules'),
)
const withoutBlocks = (text: string) => text.replace(/^```.*?^```/gms, '')

/** As GitHub makes them of headings. */
function anchorsOf(page: string): readonly string[] {
  const headings = [...withoutBlocks(read(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function deadLinks(page: string): string[] {
  const links = [...withoutBlocks(read(page)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
    ([, link = '']) => link,
  )
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
  })
}

describe('every page', () => {
  test.for(pages)('%s links to what is there', (page) => {
    expect(deadLinks(page)).toEqual([])
  })

  test('is asked: a link to nothing is found', () => {
    expect(pages.length).toBeGreaterThan(90)
    expect(anchorsOf('docs/operations/retention.md')).toContain('archives')
    expect(anchorsOf('docs/operations/retention.md')).not.toContain('archive')
  })
})

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

test.for([...pages, '.ci/run', '.github/workflows/ci.yml'])('%s names no script that does not exist', (page) => {
  const named = [...read(page).matchAll(/npm run (?:--silent )?([\w:-]*\w)/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

describe("the operator's commands on the pages", async () => {
  const files = globSync('service/cli/*.command.ts', { cwd: ROOT })
  const modules = await Promise.all(files.map((file) => import(join(ROOT, file)) as Promise<Record<string, unknown>>))
  const isCommand = (value: unknown): value is Command =>
    typeof value === 'object' && value !== null && 'usage' in value
  const commands = modules.flatMap((module) => Object.values(module).filter(isCommand))

  /** What a command would complain about before it does anything; undefined: nothing. */
  function complaint(line: string): string | undefined {
    // What may be left out is printed in brackets.
    const [name = '', ...args] = wordsOf(line.replace(/\[(--[^\]]*)\]/g, '$1'))
    const command = commands.find((one) => one.name === name)
    if (command === undefined) return 'no such command'
    try {
      const { positionals } = parseArgs({ args, allowPositionals: true, options: command.options })
      const verbs = command.usage.flatMap(([call]) => /^\S+ ([a-z]+)/.exec(call)?.[1] ?? [])
      const [verb] = positionals
      if (verb !== undefined && verbs.length === command.usage.length && !verbs.includes(verb)) return `no verb ${verb}`
      const extra = findExtraWord(command, positionals)
      return extra === undefined ? undefined : `no place for ${extra}`
    } catch (error) {
      return (error as Error).message
    }
  }

  const calls = pages.flatMap((page) =>
    [...read(page).matchAll(/npm run (?:--silent )?tributary -- ([^`\n)]+)/g)]
      .flatMap(([, line = '']) => alternatives(line.trim()))
      .filter((line) => line !== 'help')
      .map((line) => [page, line] as const),
  )

  test.for(calls)('%s: %s', ([, line]) => {
    expect(complaint(line)).toBeUndefined()
  })

  test('are asked: what they do not know is refused', () => {
    expect(calls.length).toBeGreaterThan(60)
    expect(complaint('archives list')).toBe('no such command')
    expect(complaint('archive lists')).toBe('no verb lists')
    expect(complaint('archive list --usr x')).toContain("Unknown option '--usr'")
    expect(complaint('copy import one.zip two.zip')).toBe('no place for two.zip')
  })
})

/** `hold|breach list|show` is short for four. */
function alternatives(line: string): readonly string[] {
  const short = /(^| )([a-z0-9-]+(?:\|[a-z0-9-]+)+)/.exec(line)
  if (short === null) return [line]
  const [found = '', before = '', words = ''] = short
  return words.split('|').flatMap((word) => alternatives(line.replace(found, `${before}${word}`)))
}

test('docs/operations/audit.md lists every action of the trail, and no other', () => {
  const sources = globSync('service/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.test.ts'))
  const text = sources.map(read).join('\n')
  const written = [...text.matchAll(/action: ['`]([a-z_]+\.[a-z_]+)['`]/g)].map(([, action]) => action!)
  const rows = [...read('docs/operations/audit.md').matchAll(/^\| (`[a-z_]+\.[a-z_]+`.*?) \|/gm)]
  const listed = rows.flatMap(([, cell = '']) => cell.split(', ').map((action) => action.replaceAll('`', '')))
  expect(written.length).toBeGreaterThan(40)
  expect(written.filter((action) => !listed.includes(action))).toEqual([])
  // Two are put together where they are written.
  const composed = ['consent.given', 'consent.withdrawn']
  expect(listed.filter((action) => !text.includes(`'${action}'`) && !composed.includes(action))).toEqual([])
})
