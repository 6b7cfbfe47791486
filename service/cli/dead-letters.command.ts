import { z } from 'zod'
import { loadConfig } from '../config.ts'
import { discardDeadLetters, retryDeadLetters } from '../failures/dead-letters.ts'
import { type LetterFilter, type ListedLetter, listLetters } from '../failures/queries.ts'
import { type Wiring, wire } from '../wiring.ts'
import { type Command, type Input, optional } from './command.ts'
import { type Column, describeAge, formatTable } from './table.ts'

const STATES = ['waiting', 'retried', 'discarded', 'all']
const MOST_LISTED = 500

const COLUMNS: readonly Column<ListedLetter>[] = [
  { title: 'task', text: ({ task }) => task },
  { title: 'cause', text: ({ cause }) => cause },
  { title: 'platform', text: ({ platform }) => platform ?? '' },
  { title: 'tries', align: 'right', text: ({ attempts }) => String(attempts) },
  { title: 'died', align: 'right', text: ({ diedAt }) => `${describeAge((Date.now() - diedAt.getTime()) / 1000)} ago` },
  {
    title: 'state',
    text: ({ state, retryAt }) =>
      retryAt === null ? state : `retry in ${describeAge(Math.max((retryAt.getTime() - Date.now()) / 1000, 0))}`,
  },
]

export const deadLettersCommand: Command = {
  name: 'dead-letters',
  usage: [
    [
      'dead-letters list [--state waiting] [--task …] [--json]',
      'print jobs that failed for good; also --platform, --cause, --user, --from, --before',
    ],
    ['dead-letters retry <id…> | --task …', 'queue them again; the same filters choose many'],
    ['dead-letters discard <id…> | --task …', 'give them up for good'],
  ],
  options: {
    state: { type: 'string' },
    task: { type: 'string' },
    platform: { type: 'string' },
    cause: { type: 'string' },
    user: { type: 'string' },
    from: { type: 'string' },
    before: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(input) {
    const [verb, ...ids] = input.positionals
    const act =
      verb === 'list'
        ? list
        : verb === 'retry' || verb === 'discard'
          ? (wiring: Wiring) => resolve(wiring, input, { verb, ids })
          : undefined
    if (act === undefined) throw new Error('give dead-letters list, retry or discard; see npm run tributary -- help')
    const wiring = wire(await loadConfig(), 'cli')
    try {
      return await act(wiring, input)
    } finally {
      await wiring.db.close()
    }
  },
}

async function list({ db }: Wiring, input: Input): Promise<string> {
  const state = optional(input, 'state') ?? 'waiting'
  if (!STATES.includes(state)) throw new Error(`--state ${state}: is none of ${STATES.join(', ')}`)
  const letters = await listLetters(db, {
    state: state === 'all' ? undefined : state,
    filter: filterOf(input),
    limit: MOST_LISTED,
  })
  if (input.values['json'] === true) return `${JSON.stringify(letters, null, 2)}\n`
  return letters.length === 0 ? 'no such dead letters\n' : formatTable(letters, COLUMNS, { below: ({ id }) => id })
}

async function resolve(
  { db, audit }: Wiring,
  input: Input,
  { verb, ids }: { verb: 'retry' | 'discard'; ids: readonly string[] },
): Promise<string> {
  const filter = filterOf(input)
  const isFiltered = Object.keys(filter).length > 0
  if (ids.length > 0 === isFiltered)
    throw new Error(`dead-letters ${verb} needs ids, or a filter such as --task, and not both`)
  const wrong = ids.find((id) => !z.uuid().safeParse(id).success)
  if (wrong !== undefined) throw new Error(`${wrong}: is no id; see npm run tributary -- dead-letters list --json`)
  const change = verb === 'retry' ? retryDeadLetters : discardDeadLetters
  const choice = isFiltered ? { filter } : { ids }
  const { changed, skipped, more } = await change({ db, audit }, choice, { actor: { kind: 'operator', id: null } })
  const done = `${changed} ${verb === 'retry' ? 'queued again' : 'discarded'}`
  return `${done}${skipped === 0 ? '' : `, ${skipped} unknown or waiting no more`}${more ? '; there are more: call again' : ''}\n`
}

function filterOf(input: Input): LetterFilter {
  const given = {
    task: optional(input, 'task'),
    platform: optional(input, 'platform'),
    cause: optional(input, 'cause'),
    userId: userOf(input),
    diedFrom: instantOf(input, 'from'),
    diedBefore: instantOf(input, 'before'),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function userOf(input: Input): string | undefined {
  const user = optional(input, 'user')
  if (user !== undefined && !z.uuid().safeParse(user).success) throw new Error(`--user ${user}: is no uuid`)
  return user
}

/** When they died. */
function instantOf(input: Input, name: 'from' | 'before'): Date | undefined {
  const text = optional(input, name)
  if (text === undefined) return undefined
  if (!z.iso.datetime({ offset: true }).safeParse(text).success)
    throw new Error(`--${name} ${text}: is no time such as 2026-03-01T12:00:00Z`)
  return new Date(text)
}
