import { z } from 'zod'
import { type ListedRequest, listRequests } from '../compliance/requests/list-requests.ts'
import { answerRequest, extendRequest, openRequest } from '../compliance/requests/requests.ts'
import { wireRequests } from '../wire-privacy.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { OPERATOR, parseOr, withWiring } from './operator.ts'

const KINDS = ['access', 'export', 'erasure', 'rectification', 'restriction', 'objection'] as const

export const requestsCommand: Command = {
  name: 'requests',
  usage: [
    ['requests list [--open]', 'print what people asked for, and by when it has to be answered'],
    ['requests record --user <uuid> --kind <kind>', `write down a request: ${KINDS.join(', ')}`],
    ['  --channel email|letter|other [--received-at <time>]', 'when it came; now by default'],
    ['requests answer <id> --status <status> [--reason <text>]', 'in_progress, completed, refused or cancelled'],
    ['requests extend <id> --reason <text>', 'take two further months; tell the person why'],
  ],
  options: {
    open: { type: 'boolean' },
    user: { type: 'string' },
    kind: { type: 'string' },
    channel: { type: 'string' },
    'received-at': { type: 'string' },
    status: { type: 'string' },
    reason: { type: 'string' },
  },
  async run(input) {
    const action = ACTIONS[input.positionals[0] ?? '']
    if (action === undefined) throw new Error('give list, record, answer or extend; see npm run tributary -- help')
    return withWiring(action(input))
  },
}

/** What was typed is read before anything is opened. */
type Action = (input: Input) => (wiring: Wiring) => Promise<string>

const Reason = z.string().trim().min(10).max(1000)
const REASON = '--reason needs 10 to 1000 characters'

const ACTIONS: Readonly<Record<string, Action>> = {
  list(input) {
    const onlyOpen = input.values['open'] === true
    return async ({ db }) => describe(await listRequests(db, { onlyOpen }))
  },
  record(input) {
    const asked = {
      userId: parseOr(z.uuid(), required(input, 'user'), '--user must be a UUID'),
      kind: parseOr(z.enum(KINDS), required(input, 'kind'), `--kind must be one of ${KINDS.join(', ')}`),
      channel: parseOr(
        z.enum(['email', 'letter', 'other']),
        required(input, 'channel'),
        '--channel: email, letter or other',
      ),
      ...receivedAt(input),
      actor: OPERATOR,
    }
    return async (wiring) => {
      const id = await wiring.db.transaction((tx) => openRequest(wireRequests(wiring), tx, asked))
      return describe(await listRequests(wiring.db, { onlyOpen: true, id }))
    }
  },
  answer(input) {
    const reason = optional(input, 'reason')
    const statuses = z.enum(['in_progress', 'completed', 'refused', 'cancelled'])
    const answer = {
      id: requestId(input),
      status: parseOr(statuses, required(input, 'status'), `--status must be one of ${statuses.options.join(', ')}`),
      ...(reason === undefined ? {} : { reason: parseOr(Reason, reason, REASON) }),
      actor: OPERATOR,
    }
    return async (wiring) => {
      await wiring.db.transaction((tx) => answerRequest(wireRequests(wiring), tx, answer))
      return describe(await listRequests(wiring.db, { onlyOpen: false, id: answer.id }))
    }
  },
  extend(input) {
    const extension = {
      id: requestId(input),
      reason: parseOr(Reason, required(input, 'reason'), REASON),
      actor: OPERATOR,
    }
    return async (wiring) => {
      const { dueDay } = await wiring.db.transaction((tx) => extendRequest(wireRequests(wiring), tx, extension))
      return `due on ${dueDay}\n`
    }
  },
}

function receivedAt(input: Input): { receivedAt?: Date } {
  const text = optional(input, 'received-at')
  return text === undefined ? {} : { receivedAt: parseOr(z.coerce.date(), text, '--received-at must be a time') }
}

function requestId(input: Input): string {
  const complaint = 'give the id of a request; find it with npm run tributary -- requests list'
  return parseOr(z.uuid(), input.positionals[1] ?? '', complaint)
}

function describe(requests: readonly ListedRequest[]): string {
  if (requests.length === 0) return 'no requests\n'
  const lines = requests.map(({ id, userId, kind, status, receivedDay, dueDay, urgency }) =>
    [id, userId, kind, status, `received ${receivedDay}`, `due ${dueDay}`, ...(urgency === null ? [] : [urgency])].join(
      '  ',
    ),
  )
  return `${lines.join('\n')}\n`
}
