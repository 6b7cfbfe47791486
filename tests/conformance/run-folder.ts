import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { splitStatements } from '../../database/statements.ts'
import { type Case, type Folder, isObject, type Json } from './case-files.ts'
import { type Actual, isError, judge } from './judge.ts'
import { adaptSql, findMissing, type Missing, missingFrom, refusedFeature } from './missing-features.ts'
import { openScene, type Scene } from './scene.ts'

export interface Verdict {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'not applicable'
  /** Why it failed, or the feature that is missing; of a passed case, that the error is told differently. */
  readonly reason?: string
}

export interface FolderReport {
  readonly name: string
  readonly verdicts: readonly Verdict[]
  /** Features that the set-up asked for in vain, and commands of it that failed. */
  readonly missing: readonly string[]
  readonly setupFailures: readonly string[]
}

interface Settings {
  /** Rows that the official runner inserts in Python before a file whose queries hold the word. */
  readonly rows: readonly { readonly when: string; readonly unless?: string; readonly sql: string }[]
  /** A database for each file, as the official runner does for some folders. */
  readonly perFile: boolean
  readonly env: Readonly<Record<string, string>>
  /** Whether the admin secret is added. */
  readonly authenticated: boolean
}

const SETTINGS_FILE = join(import.meta.dirname, 'folder-settings.yaml')
const NOT_TEXT_BUT_SHAPE = 'told differently'

interface Run {
  readonly scene: Scene
  readonly settings: Settings
  readonly missing: Missing[]
  readonly failures: string[]
}

/** Runs every case of a folder over a database of its own. */
export async function runFolder(folder: Folder, adminUrl: string): Promise<FolderReport> {
  const settings = settingsOf(folder)
  const parts = settings.perFile ? folder.files.map((file) => ({ ...folder, files: [file] })) : [folder]
  const reports: FolderReport[] = []
  for (const part of parts) reports.push(await runPart(part, { adminUrl, settings }))
  const unique = (key: 'missing' | 'setupFailures') => [...new Set(reports.flatMap((report) => report[key]))]
  const verdicts = reports.flatMap((report) => report.verdicts)
  return { name: folder.name, verdicts, missing: unique('missing'), setupFailures: unique('setupFailures') }
}

async function runPart(
  folder: Folder,
  { adminUrl, settings }: { adminUrl: string; settings: Settings },
): Promise<FolderReport> {
  const scene = await openScene(adminUrl, settings.env)
  const run: Run = { scene, settings, missing: [], failures: [] }
  try {
    for (const body of folder.setup) await setUp(run, body)
    const verdicts: Verdict[] = []
    for (const file of folder.files) {
      for (const body of folder.before) await setUp(run, body)
      verdicts.push(...(await runFile(run, file)))
      for (const body of folder.after) await setUp(run, body)
    }
    const missing = run.missing.map(({ feature }) => feature)
    return { name: folder.name, verdicts, missing, setupFailures: run.failures }
  } finally {
    await scene.close()
  }
}

function hasWord(text: string, pattern: string): boolean {
  return new RegExp(`\\b(${pattern})\\b`).test(text)
}

async function runFile(run: Run, { name, cases }: Folder['files'][number]): Promise<Verdict[]> {
  const text = JSON.stringify(cases)
  const rows = run.settings.rows.find(({ when, unless }) => hasWord(text, when) && !hasWord(text, unless ?? '-'))
  if (rows !== undefined) await run.scene.database.query(rows.sql)
  const verdicts: Verdict[] = []
  const missing = [...run.missing]
  for (const [index, one] of cases.entries()) {
    const verdict = await runCase({ ...run, missing }, one)
    verdicts.push({ name: `${name}#${index}`, ...verdict })
    // What a refused command of this file would have changed, its later cases cannot show.
    if (verdict.outcome === 'not applicable' && isObject(one.query) && 'args' in one.query)
      missing.push(missingFrom(one.query, verdict.reason ?? ''))
  }
  return verdicts
}

function settingsOf(folder: Folder): Settings {
  const all: Record<string, Partial<Settings>> = parse(readFileSync(SETTINGS_FILE, 'utf8'))
  return { env: {}, authenticated: true, rows: [], perFile: false, ...all[basename(folder.path)] }
}

/** One command after the other, so that one that is not implemented does not take the others with it. */
async function setUp(run: Run, body: unknown): Promise<void> {
  if (Array.isArray(body)) for (const command of body) await setUp(run, command)
  if (!isObject(body)) return
  if (body['type'] === 'bulk') return setUp(run, body['args'])
  const command = adapt(run, body)
  const { status, body: answer } = await ask(run.scene, command)
  if (status === 200 || (await runApart(run.scene, body, command))) return
  const dependsOn = body['type'] === 'run_sql' ? undefined : findMissing(command, run.missing)?.feature
  const feature = refusedFeature(answer) ?? dependsOn
  if (feature === undefined) run.failures.push(`${String(body['type'])}: ${JSON.stringify(answer).slice(0, 300)}`)
  else run.missing.push(missingFrom(command, feature))
}

/** What Postgres refuses on this machine must not take the other statements of its batch with it. */
async function runApart(scene: Scene, original: Json, adapted: Json): Promise<boolean> {
  if (adapted['type'] !== 'run_sql' || JSON.stringify(original) === JSON.stringify(adapted)) return false
  const sql = isObject(adapted['args']) ? String(adapted['args']['sql']) : ''
  for (const { text } of splitStatements(sql)) await ask(scene, { type: 'run_sql', args: { sql: text } })
  return true
}

async function ask(scene: Scene, command: unknown): Promise<Actual> {
  return send(scene, { url: '/v1/query', query: command }, scene.adminSecret)
}

function adapt(run: Run, body: Json): Json {
  const args = body['args']
  if (!isObject(args) || typeof args['sql'] !== 'string') return body
  const { sql, missing } = adaptSql(args['sql'])
  run.missing.push(...missing)
  return { ...body, args: { ...args, sql } }
}

async function runCase(run: Run, one: Case): Promise<Omit<Verdict, 'name'>> {
  const { scene, settings } = run
  if (settings.authenticated) {
    const refused = await send(scene, one, 'a wrong secret')
    if (!isError(refused.body) && refused.status !== 404)
      return { outcome: 'failed', reason: 'a wrong admin secret is accepted' }
  }
  const actual = await send(scene, one, settings.authenticated ? scene.adminSecret : undefined)
  const problem = judge(one, actual)
  if (problem === undefined) return { outcome: 'passed' }
  const feature = refusedFeature(actual.body) ?? missingEndpoint(one, actual) ?? findMissing(one, run.missing)?.feature
  if (feature !== undefined) return { outcome: 'not applicable', reason: feature }
  if (problem.kind === 'failure') return { outcome: 'failed', reason: problem.text }
  return { outcome: 'passed', reason: `${NOT_TEXT_BUT_SHAPE}: ${problem.text}` }
}

function missingEndpoint({ url }: Case, { status, body }: Actual): string | undefined {
  return status === 404 && isObject(body) && body['code'] === 'not-found' ? `endpoint ${url}` : undefined
}

async function send(scene: Scene, one: Case, secret: string | undefined): Promise<Actual> {
  const own = Object.entries(one.headers ?? {}).map(([name, value]) => [name, String(value)])
  const headers: Record<string, string> = { ...Object.fromEntries(own), 'content-type': 'application/json' }
  if (secret !== undefined) headers['X-Hasura-Admin-Secret'] = secret
  const { method = 'POST' } = one
  const body = method === 'GET' ? {} : { body: JSON.stringify(one.query ?? {}) }
  const response = await fetch(scene.url + one.url, { method, headers, ...body })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: parseJson(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
