import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { splitStatements } from '../../database/statements.ts'
import { type Case, type Folder, isObject, type Json } from './case-files.ts'
import { type Actual, isError, judge } from './judge.ts'
import { adaptSql, findMissing, type Missing, missingFrom, refusedFeature } from './missing-features.ts'
import { openScene, type Scene } from './scene.ts'
import { isGraphql, onlyOverHttp, send, sendOverWebsocket, type Transport } from './send.ts'

export interface Verdict {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'not applicable'
  /** Why it failed, or the feature that is missing; of a passed case, that the error is told differently. */
  readonly reason?: string
}

export interface FolderReport {
  readonly name: string
  readonly transport: Transport
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
  readonly transport: Transport
  readonly settings: Settings
  readonly missing: Missing[]
  readonly failures: string[]
}

/** Runs every case of a folder over each transport, every one of them on a database that no other has changed. */
export async function runFolder(
  folder: Folder,
  adminUrl: string,
  transports: readonly Transport[],
): Promise<FolderReport[]> {
  const settings = settingsOf(folder)
  const parts = settings.perFile ? folder.files.map((file) => ({ ...folder, files: [file] })) : [folder]
  const rounds = onlyReads(folder) ? [transports] : transports.map((transport) => [transport])
  const reports: FolderReport[] = []
  for (const round of rounds)
    for (const part of parts) reports.push(...(await runPart(part, { adminUrl, settings, transports: round })))
  return transports.map((transport) => {
    const own = reports.filter((report) => report.transport === transport)
    const unique = (key: 'missing' | 'setupFailures') => [...new Set(own.flatMap((report) => report[key]))]
    const verdicts = own.flatMap((report) => report.verdicts)
    return {
      name: folder.name,
      transport,
      verdicts,
      missing: unique('missing'),
      setupFailures: unique('setupFailures'),
    }
  })
}

/** Whether its cases leave the database as it was, so that the next may be asked over the same. */
export function onlyReads(folder: Folder): boolean {
  const { perFile, rows } = settingsOf(folder)
  const cases = folder.files.flatMap((file) => file.cases)
  const isReading = (one: Case) => isGraphql(one) && !hasWord(JSON.stringify(one.query), 'mutation')
  return !perFile && rows.length === 0 && folder.before.length === 0 && cases.every(isReading)
}

async function runPart(
  folder: Folder,
  { adminUrl, settings, transports }: { adminUrl: string; settings: Settings; transports: readonly Transport[] },
): Promise<FolderReport[]> {
  const scene = await openScene(adminUrl, settings.env)
  const [missing, failures]: [Missing[], string[]] = [[], []]
  try {
    const reports: FolderReport[] = []
    for (const transport of transports) {
      const run: Run = { scene, transport, settings, missing, failures }
      if (reports.length === 0) for (const body of folder.setup) await setUp(run, body)
      const verdicts = await runFiles(run, folder)
      const features = missing.map(({ feature }) => feature)
      reports.push({ name: folder.name, transport, verdicts, missing: features, setupFailures: failures })
    }
    return reports
  } finally {
    await scene.close()
  }
}

async function runFiles(run: Run, folder: Folder): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const file of folder.files) {
    for (const body of folder.before) await setUp(run, body)
    verdicts.push(...(await runFile(run, file)))
    for (const body of folder.after) await setUp(run, body)
  }
  return verdicts
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
  const { scene, settings, transport } = run
  if (settings.authenticated) {
    const refused = await askOver(run, one, 'a wrong secret')
    if (!isError(refused.body) && refused.status !== 404)
      return { outcome: 'failed', reason: 'a wrong admin secret is accepted' }
  }
  const actual = await askOver(run, one, settings.authenticated ? scene.adminSecret : undefined)
  // It had to be asked all the same: the next case may build on it.
  const elsewhere = transport === 'http' ? undefined : onlyOverHttp(one)
  if (elsewhere !== undefined) return { outcome: 'not applicable', reason: elsewhere }
  const problem = judge(transport === 'http' ? one : asToldOverWebsocket(one), actual)
  if (problem === undefined) return { outcome: 'passed' }
  const feature = refusedFeature(actual.body) ?? missingEndpoint(one, actual) ?? findMissing(one, run.missing)?.feature
  if (feature !== undefined) return { outcome: 'not applicable', reason: feature }
  if (problem.kind === 'failure') return { outcome: 'failed', reason: problem.text }
  return { outcome: 'passed', reason: `${NOT_TEXT_BUT_SHAPE}: ${problem.text}` }
}

function askOver({ scene, transport }: Run, one: Case, secret: string | undefined): Promise<Actual> {
  return transport === 'http' || onlyOverHttp(one) !== undefined
    ? send(scene, one, secret)
    : sendOverWebsocket(scene, one, { subprotocol: transport, secret })
}

/** A message has neither status nor headers. */
function asToldOverWebsocket({ status: _, resp_headers: __, ...rest }: Case): Case {
  return rest
}

function missingEndpoint({ url }: Case, { status, body }: Actual): string | undefined {
  return status === 404 && isObject(body) && body['code'] === 'not-found' ? `endpoint ${url}` : undefined
}
