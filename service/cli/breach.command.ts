import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ReportedBreachInput } from '../api/report-breach.action.ts'
import { notifyBreach, recordBreachNotice, reportBreach } from '../compliance/breach/breaches.ts'
import { type RegisterRow, readRegister } from '../compliance/breach/queries.ts'
import { wireBreach } from '../wire-breach.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { OPERATOR as ACTOR, withWiring } from './operator.ts'

export const breachCommand: Command = {
  name: 'breach',
  usage: [
    ['breach report <file.json>', 'enter a breach: what the action reportBreach takes, as JSON'],
    ['breach list', 'print breaches and the clocks that run'],
    ['breach notify <breach id> --subject <text> --text <file>', 'tell everybody it affects; the worker does it'],
    ['breach notice <breach id> --rule <rule> --reference <text> [--late <reason>]', 'note who else was told'],
    ['breach register [--format json|csv]', 'print the whole register; no person is named'],
  ],
  options: {
    subject: { type: 'string' },
    text: { type: 'string' },
    rule: { type: 'string' },
    reference: { type: 'string' },
    late: { type: 'string' },
    format: { type: 'string' },
  },
  async run(input) {
    const [verb, argument] = input.positionals
    if (verb === 'list') return withWiring(async ({ db }) => (await readRegister(db)).map(describe).join(''))
    if (verb === 'register') return withWiring((wiring) => register(wiring, optional(input, 'format') ?? 'json'))
    if (verb === 'report' && argument !== undefined) return withWiring((wiring) => report(wiring, argument))
    if (argument !== undefined && !z.uuid().safeParse(argument).success)
      throw new Error('the breach must be a UUID; see breach list')
    if (verb === 'notify' && argument !== undefined) return withWiring((wiring) => notify(wiring, input, argument))
    if (verb === 'notice' && argument !== undefined) return withWiring((wiring) => notice(wiring, input, argument))
    throw new Error('give breach report, list, notify, notice or register; see npm run tributary -- help')
  },
}

async function report(wiring: Wiring, file: string): Promise<string> {
  const breach = ReportedBreachInput.safeParse(parseJson(await readFile(file, 'utf8')))
  if (!breach.success) {
    const issue = breach.error.issues[0]
    throw new Error(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
  }
  const { breachId, people } = await reportBreach(wireBreach(wiring), breach.data, ACTOR)
  return `${breachId} affects ${people} people; its clocks run, see breach list\n`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function notify(wiring: Wiring, input: Input, breachId: string): Promise<string> {
  const text = (await readFile(required(input, 'text'), 'utf8')).trim()
  const { queued } = await notifyBreach(
    wireBreach(wiring),
    { breachId, subject: required(input, 'subject'), text },
    ACTOR,
  )
  return `${queued} people are told; see breach list\n`
}

async function notice(wiring: Wiring, input: Input, breachId: string): Promise<string> {
  const [rule, reference] = [required(input, 'rule'), required(input, 'reference')]
  const lateReason = optional(input, 'late') ?? null
  const { late } = await recordBreachNotice(wireBreach(wiring), { breachId, rule, reference, lateReason }, ACTOR)
  return `${rule} noted${late ? ', late' : ''}\n`
}

function describe({ id, awareAt, risk, people, told, failed, closedAt, clocks }: RegisterRow): string {
  const running = clocks.filter(({ applies, metAt }) => applies && metAt === null)
  return [
    `${id} known since ${awareAt}, risk ${risk}, ${people} people, ${told} told, ${failed} not reached${closedAt === null ? '' : ', closed'}`,
    ...running.map(({ rule, article, dueAt }) => `  ${rule} (${article}): until ${dueAt}`),
    '',
  ].join('\n')
}

async function register({ db }: Wiring, format: string): Promise<string> {
  const rows = await readRegister(db)
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  if (format !== 'csv') throw new Error('--format must be json or csv')
  const lines = rows.flatMap((row) => row.clocks.map((clock) => cellsOf(row, clock)))
  return [HEADER.split(' '), ...lines].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
}

const HEADER =
  'breach aware_at reported_at description risk people told consequences measures closed_at rule article recipient applies due_at met_at reference late_reason'

function cellsOf(row: RegisterRow, clock: RegisterRow['clocks'][number]) {
  const { id, awareAt, reportedAt, description, risk, people, told, consequences, measures, closedAt } = row
  const { rule, article, recipient, applies, dueAt, metAt, reference, lateReason } = clock
  const what = [id, awareAt, reportedAt, description, risk, people, told, consequences, measures, closedAt]
  return what.concat(
    [rule, article, recipient, applies, dueAt, metAt, reference, lateReason].map((value) =>
      typeof value === 'boolean' ? String(value) : value,
    ),
  )
}

/** RFC 4180; a spreadsheet must not take a text for a formula. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
