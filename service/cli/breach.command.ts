import { z } from 'zod'
import { ReportedBreachInput } from '../api/report-breach.action.ts'
import { updateBreachAction } from '../api/update-breach.action.ts'
import { notifyBreach, recordBreachNotice, reportBreach, updateBreach } from '../compliance/breach/breaches.ts'
import { type RegisterRow, readRegister } from '../compliance/breach/queries.ts'
import { wireBreach } from '../wire-breach.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { OPERATOR as ACTOR, withWiring } from './operator.ts'
import { readJson, readText } from './read-text.ts'

export const breachCommand: Command = {
  name: 'breach',
  usage: [
    ['breach report <file.json>', 'enter a breach: what the action reportBreach takes, as JSON'],
    [
      'breach update <breach id> <file.json>',
      'what is learnt later, as updateBreach takes it; {"close": true} closes it',
    ],
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
    const [verb, argument, file] = input.positionals
    if (verb === 'list') return withWiring(list)
    if (verb === 'register') return withWiring((wiring) => register(wiring, optional(input, 'format') ?? 'json'))
    if (verb === 'report' && argument !== undefined) return withWiring((wiring) => report(wiring, argument))
    if (argument !== undefined && !z.uuid().safeParse(argument).success)
      throw new Error('the breach must be a UUID; see breach list')
    if (verb === 'update' && argument !== undefined && file !== undefined)
      return withWiring((wiring) => update(wiring, argument, file))
    if (verb === 'notify' && argument !== undefined) return withWiring((wiring) => notify(wiring, input, argument))
    if (verb === 'notice' && argument !== undefined) return withWiring((wiring) => notice(wiring, input, argument))
    throw new Error('give breach report, update, list, notify, notice or register; see npm run tributary -- help')
  },
}

async function list({ db }: Wiring): Promise<string> {
  const breaches = await readRegister(db)
  return breaches.length === 0 ? 'no breach is registered\n' : breaches.map(describe).join('')
}

async function report(wiring: Wiring, file: string): Promise<string> {
  const breach = readInput(ReportedBreachInput, await readJson(file), file)
  const { breachId, people } = await reportBreach(wireBreach(wiring), breach, ACTOR)
  return `${breachId} affects ${people} people; its clocks run, see breach list\n`
}

async function update(wiring: Wiring, breachId: string, file: string): Promise<string> {
  const given = z.record(z.string(), z.unknown()).safeParse(await readJson(file)).data
  const change = readInput(updateBreachAction.input, given && { ...given, breachId }, file)
  await updateBreach(wireBreach(wiring), change, ACTOR)
  return `${breachId} is ${change.close ? 'closed' : 'changed; its clocks follow, see breach list'}\n`
}

/** Throws Error that names what is wrong with the file. */
function readInput<Value>(schema: z.ZodType<Value>, json: unknown, file: string): Value {
  const { data, error } = schema.safeParse(json)
  const issue = error?.issues[0]
  if (data === undefined)
    throw new Error(
      `${file}: ${issue?.path.join('.') || 'not JSON'}: ${issue?.message}; see docs/operations/breaches.md`,
    )
  return data
}

async function notify(wiring: Wiring, input: Input, breachId: string): Promise<string> {
  const text = (await readText(required(input, 'text'))).trim()
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
