import { z } from 'zod'
import { loadConfig } from '../config.ts'
import { reconcileUser } from '../ingestion/reconcile-user.ts'
import { findReportView, type ReportView, type RunView } from '../ingestion/run-views.ts'
import type { RunResult } from '../ingestion/runs.ts'
import { startHistory, syncNow } from '../ingestion/start-sync.ts'
import { AppError, type ErrorCode, errorSpec } from '../runtime/errors.ts'
import { type Wiring, wire } from '../wiring.ts'
import { type Command, type Input, optional } from './command.ts'
import { explainRefusal } from './explain-refusal.ts'
import { watchRun } from './run-progress.ts'
import { type Column, formatTable } from './table.ts'

const UserId = z.uuid()

export const syncCommand: Command = {
  name: 'sync',
  usage: [
    ['sync <user> <platform> [--years 5]', 'fetch what is new, or so many years; follows the run to its end'],
    ['  [--json]', 'progress and result as JSON lines'],
  ],
  options: { years: { type: 'string' }, json: { type: 'boolean' } },
  async run(input) {
    const [, platform] = input.positionals
    const userId = readUser(input)
    if (platform === undefined) throw new Error('give sync <user> <platform>; see npm run tributary -- help')
    const years = readYears(input)
    return withWiring(async ({ db, config }) => {
      const services = { db, platforms: config.platforms }
      const asked = { userId, platform, askedBy: 'operator' } as const
      const { runId } = await (years === undefined
        ? syncNow(services, asked)
        : startHistory(services, { ...asked, years }))
      const run = await watchRun(db, { userId, runId }, { asJson: isJson(input) })
      if (run.status === 'failed') throw new Error(describeFailure(run))
      return isJson(input) ? `${JSON.stringify({ syncRunId: runId, ...run })}\n` : describeRun(run)
    })
  },
}

export const reconcileCommand: Command = {
  name: 'reconcile',
  usage: [
    [
      'reconcile <user> [<platform>] [--json]',
      "compare with the platforms' lists, repair what differs, and print what it was",
    ],
  ],
  options: { json: { type: 'boolean' } },
  async run(input) {
    const userId = readUser(input)
    return withWiring(async ({ db, ingestion }) => {
      const begun = await reconcileUser(ingestion, { userId, platform: input.positionals[1], askedBy: 'operator' })
      const reports: ReportView[] = []
      for (const { platform, reportId, reason } of begun) {
        if (reportId === null) reports.push(refused(platform, reason))
        else reports.push(await follow({ db, userId, reportId, asJson: isJson(input) }))
      }
      return isJson(input)
        ? `${JSON.stringify(reports)}\n`
        : formatTable(reports, REPORT_COLUMNS, { below: describeWhy })
    })
  },
}

interface Following extends Pick<Wiring, 'db'> {
  readonly userId: string
  readonly reportId: string
  readonly asJson: boolean
}

async function follow({ db, userId, reportId, asJson }: Following): Promise<ReportView> {
  const key = { userId, runId: reportId }
  const before = await findReportView(db, key)
  if (before?.status === 'running') await watchRun(db, key, { asJson })
  const report = await findReportView(db, key)
  if (report === undefined) throw new Error('the report is gone, with its person: nothing is left to do')
  return report
}

const NOTHING = { listed: 0, missing: 0, changed: 0, deleted: 0, repaired: 0, causes: {} }

function refused(platform: string, reason: string | null): ReportView {
  return { platform, status: 'not_begun', reason, ...NOTHING }
}

const count = (title: 'listed' | 'missing' | 'changed' | 'deleted' | 'repaired'): Column<ReportView> => ({
  title,
  align: 'right',
  text: (report) => String(report[title]),
})
const REPORT_COLUMNS: readonly Column<ReportView>[] = [
  { title: 'platform', text: ({ platform }) => platform },
  { title: 'status', text: ({ status }) => status },
  count('listed'),
  count('missing'),
  count('changed'),
  count('deleted'),
  count('repaired'),
]

/** Why there is no report, or why the records had not been noticed. */
function describeWhy({ reason, causes }: ReportView): string {
  const counted = Object.entries(causes).map(([cause, times]) => `${cause} ${times}`)
  return reason ?? counted.join(', ')
}

const RESULT_COLUMNS: readonly Column<RunResult>[] = [
  { title: 'data', text: ({ data_type: dataType }) => dataType },
  { title: 'outcome', text: ({ outcome }) => outcome },
  { title: 'records', align: 'right', text: ({ records }) => String(records ?? '–') },
  { title: 'why', text: describeLack },
]

function describeLack({ outcome, reason, requested }: RunResult): string {
  if (outcome !== 'requested' && reason !== null) return reason
  if (requested === undefined) return ''
  return requested === 0 ? 'asked for before' : `asked for ${requested} ${requested === 1 ? 'period' : 'periods'}`
}

function describeRun({ status, pages, records, results }: RunView): string {
  const pushed = results.some((result) => result.outcome === 'requested')
  const what = pushed
    ? 'the platform sends it by itself'
    : `${records} records in ${pages} ${pages === 1 ? 'request' : 'requests'}`
  const summary = `${status}: ${what}\n`
  return results.length === 0 ? summary : `${formatTable(results, RESULT_COLUMNS)}${summary}`
}

function describeFailure({ errorCode, records }: RunView): string {
  const next = errorCode === null ? '' : ` ${errorSpec(errorCode as ErrorCode).publicMessage}`
  return `failed with ${errorCode ?? 'no code'} after ${records} records, which stay.${next}`
}

function isJson({ values }: Input): boolean {
  return values['json'] === true
}

function readUser({ positionals: [user] }: Input): string {
  const { data } = UserId.safeParse(user)
  if (data === undefined) throw new Error('the person must be a UUID; see npm run tributary -- help')
  return data
}

function readYears(input: Input): number | undefined {
  const text = optional(input, 'years')
  if (text === undefined) return undefined
  const years = Number(text)
  if (Number.isInteger(years) && years >= 1 && years <= 100) return years
  throw new Error('--years must be a whole number from 1 to 100')
}

async function withWiring(work: (wiring: Wiring) => Promise<string>): Promise<string> {
  const wiring = wire(await loadConfig(), 'cli')
  try {
    return await work(wiring)
  } catch (error) {
    throw error instanceof AppError ? new Error(`${error.code}: ${explainRefusal(error)}`) : error
  } finally {
    await wiring.db.close()
  }
}
