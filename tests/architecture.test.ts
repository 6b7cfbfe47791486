import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, dirname, join, normalize, relative, sep } from 'node:path'
import { parse } from 'acorn'
import { full } from 'acorn-walk'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const IGNORED = ['node_modules', '.data', 'generated', 'fixtures', 'coverage']
const allFiles = globSync('**/*.ts', { cwd: ROOT, exclude: (name) => IGNORED.includes(name) }).sort()
const serviceFiles = allFiles.filter((file) => file.startsWith(`service${sep}`))
const isTest = (file: string) => file.endsWith('.test.ts')
const source = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** Relative imports of a file, as paths from the repository's root. */
function imports(file: string): string[] {
  const found = source(file).matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  return [...found].map((match) => normalize(join(dirname(file), match[1]!)))
}

// The composition root may import every part: it is where the parts meet.
const COMPOSITION_ROOT = [
  'begin.ts',
  'wiring.ts',
  'wire-audit.ts',
  'wire-privacy.ts',
  'wire-summaries.ts',
  'wire-sync.ts',
  'wire-uploads.ts',
  'wire-vault.ts',
  'wire-backup.ts',
  'wire-breach.ts',
  'wire-erasure.ts',
  'wire-failures.ts',
  'wire-actions.ts',
  'wire-ingestion.ts',
  'wire-monitoring.ts',
  'wire-tasks.ts',
  'start-service.ts',
  'start-worker.ts',
  'demo.ts',
]
const PARTS = [
  'api',
  'access',
  'connections',
  'ingestion',
  'normalization',
  'summaries',
  'compliance',
  'monitoring',
  'failures',
  'vault',
  'runtime',
  'config.ts',
]
const CONTRACT = 'platforms/contract.ts'
const WEBHOOKS = 'platforms/webhook-contract.ts'
const RECORDS = 'platforms/records.ts'
const METRIC_KINDS = 'platforms/metric-kinds.ts'
const EVERYTHING = [...PARTS, CONTRACT, WEBHOOKS, RECORDS, METRIC_KINDS]

/** Row by row: what a part of `service/` may import beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(COMPOSITION_ROOT.map((file) => [file, [...EVERYTHING, ...COMPOSITION_ROOT]])),
  'main.ts': ['config.ts', 'start-service.ts', 'runtime/flat-memory.ts'],
  'worker.ts': ['config.ts', 'start-worker.ts', 'runtime/flat-memory.ts'],
  'config.ts': [
    'access/settings.ts',
    'vault/settings.ts',
    'compliance/settings.ts',
    'compliance/breach/settings.ts',
    'compliance/archive/settings.ts',
    'compliance/retention/settings.ts',
    'runtime',
    CONTRACT,
    'platforms/discover.ts',
  ],
  cli: [...EVERYTHING, ...COMPOSITION_ROOT],
  api: [...PARTS.filter((part) => part !== 'vault' && part !== 'config.ts'), CONTRACT, WEBHOOKS],
  access: [CONTRACT, 'runtime'],
  connections: [CONTRACT, 'vault', 'runtime'],
  ingestion: ['connections', CONTRACT, WEBHOOKS, 'runtime'],
  normalization: [CONTRACT, RECORDS, METRIC_KINDS, 'runtime'],
  compliance: ['connections', 'vault', 'runtime'],
  summaries: ['runtime'],
  monitoring: ['runtime'],
  failures: ['runtime'],
  vault: ['runtime'],
  runtime: [],
  'platforms/contract.ts': [
    RECORDS,
    WEBHOOKS,
    'platforms/api-contract.ts',
    'platforms/request.ts',
    'runtime/secret.ts',
  ],
  'platforms/api-contract.ts': [WEBHOOKS, 'platforms/request.ts'],
  'platforms/request.ts': [],
  'platforms/webhook-contract.ts': ['platforms/request.ts', 'runtime/secret.ts'],
  'platforms/records.ts': [METRIC_KINDS],
  'platforms/metric-kinds.ts': [],
  'platforms/discover.ts': [CONTRACT],
  'platforms/simulators.ts': [],
  'platforms/*': [
    CONTRACT,
    WEBHOOKS,
    RECORDS,
    METRIC_KINDS,
    'runtime/constant-time.ts',
    'runtime/errors.ts',
    'runtime/http-client.ts',
    'runtime/secret.ts',
    'runtime/json.ts',
  ],
  'platforms/*/simulator': [],
}

/** The row of the table that a file under service/ belongs to. */
function partOf(file: string): string {
  const [first = '', second = '', third = ''] = relative('service', file).split(sep)
  if (first !== 'platforms') return first
  if (second.endsWith('.ts')) return `platforms/${second}`
  return third === 'simulator' || third === 'simulator.ts' ? 'platforms/*/simulator' : 'platforms/*'
}

function platformOf(file: string): string | undefined {
  return relative('service', file).split(sep)[1]
}

function isAllowed(from: string, to: string): boolean {
  if (!to.startsWith(`service${sep}`)) return false
  const part = partOf(from)
  const target = relative('service', to)
  if (part === 'platforms/*' && partOf(to) === part && platformOf(from) === platformOf(to)) return true
  if (part === 'platforms/*/simulator' && partOf(to) === part) return true
  if (!part.startsWith('platforms') && partOf(to) === part) return true
  return (MAY_IMPORT[part] ?? []).some((allowed) => target === allowed || target.startsWith(`${allowed}/`))
}

describe('import directions', () => {
  test.each(serviceFiles.filter((file) => !isTest(file)))('%s imports only what its part may', (file) => {
    expect(MAY_IMPORT).toHaveProperty([partOf(file)])
    expect(imports(file).filter((to) => !isAllowed(file, to))).toEqual([])
  })

  test('only wiring and configuration know discover.ts', () => {
    const knowing = serviceFiles.filter(
      (file) => !isTest(file) && imports(file).some((to) => to.endsWith('discover.ts')),
    )
    expect(knowing).toEqual([join('service', 'config.ts')])
  })

  test.each([
    ['hasura/local', 'service'],
    ['hasura/local', 'database'],
    ['database', 'service'],
    ['database', 'hasura'],
    ['start', 'service'],
    ['start', 'hasura'],
    ['tests/acceptance', 'service'],
    ['tests/acceptance', 'hasura'],
    ['service', 'hasura'],
    ['service', 'database'],
  ])('nothing in %s imports from %s', (from, to) => {
    const files = allFiles.filter((file) => file.startsWith(`${from}/`) || file === `${from}.ts`)
    expect(
      files
        .filter((file) => !isTest(file) || from === 'tests/acceptance')
        .filter((file) => imports(file).some((path) => path.startsWith(`${to}/`))),
    ).toEqual([])
  })

  test('no file imports itself through others', () => {
    expect(findCycle(allFiles)).toBeUndefined()
  })
})

function findCycle(files: readonly string[]): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>()
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file]
    if (state.has(file) || !files.includes(file)) return undefined
    state.set(file, 'open')
    for (const next of imports(file)) {
      const cycle = visit(next, [...path, file])
      if (cycle !== undefined) return cycle
    }
    state.set(file, 'done')
    return undefined
  }
  for (const file of files) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

describe('the environment and names', () => {
  test('in service/, only config.ts reads the environment', () => {
    const reading = serviceFiles.filter((file) => !isTest(file) && /process\.env\b/.test(source(file)))
    // The simulators are a program of their own, with an entry point of its own.
    expect(reading).toEqual([join('service', 'config.ts'), join('service', 'platforms', 'simulators.ts')])
  })

  test('a task is named after its file', () => {
    const wrong = serviceFiles
      .filter((file) => file.endsWith('.task.ts'))
      .filter((file) => !source(file).includes(`identifier: '${basename(file, '.task.ts').replaceAll('-', '_')}'`))
    expect(wrong).toEqual([])
  })

  test('no barrels, and no folders without a noun', () => {
    const nameless = allFiles.filter(
      (file) => basename(file) === 'index.ts' || /(^|\/)(utils?|common|shared|helpers)\//.test(file),
    )
    expect(nameless).toEqual([])
  })
})

describe('budgets', () => {
  test.each(allFiles)('%s', (file) => {
    const text = source(file)
    expect(text.split('\n').length, 'lines of the file').toBeLessThanOrEqual(300)
    const lineLimit = isTest(file) ? Number.POSITIVE_INFINITY : 50
    expect(functionsOf(text).filter(({ lines, parameters }) => lines > lineLimit || parameters > 3)).toEqual([])
  })
})

interface FunctionSize {
  readonly name: string
  readonly lines: number
  readonly parameters: number
}

function functionsOf(text: string): FunctionSize[] {
  // Type annotations become spaces, so lines and columns stay where they were.
  const tree = parse(stripTypeScriptTypes(text), { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const found: FunctionSize[] = []
  full(tree, (node) => {
    if (
      node.type !== 'FunctionDeclaration' &&
      node.type !== 'FunctionExpression' &&
      node.type !== 'ArrowFunctionExpression'
    )
      return
    const { params, loc, id } = node as typeof node & { params: unknown[]; id?: { name: string } | null }
    const lines = loc === null || loc === undefined ? 0 : loc.end.line - loc.start.line + 1
    found.push({ name: id?.name ?? `the function at line ${loc?.start.line}`, lines, parameters: params.length })
  })
  return found
}
