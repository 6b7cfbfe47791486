import { z } from 'zod'
import { type ErasureLine, findErasure, listErasures } from '../compliance/erasure/register-queries.ts'
import { replayErased } from '../compliance/erasure/replay-erasures.task.ts'
import { isReportAuthentic } from '../compliance/erasure/report.ts'
import { cancelErasure, requestErasure } from '../compliance/erasure/request-erasure.ts'
import { countTombstones } from '../compliance/erasure/tombstones.ts'
import { wireBackup } from '../wire-backup.ts'
import { wireErasure } from '../wire-erasure.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, required } from './command.ts'
import { OPERATOR, withWiring } from './operator.ts'
import { readJson } from './read-text.ts'

const SHOWN = 100

export const erasureCommand: Command = {
  name: 'erasure',
  usage: [
    ['erasure list', 'print deletions, newest first, and how often something would have brought somebody back'],
    ['erasure request --user <uuid> --reason <text>', 'delete everything about a person who asked by mail or letter'],
    ['erasure cancel <request id>', 'take a deletion back that has not begun'],
    ['erasure report <request id>', 'print the signed report as JSON'],
    [
      'erasure verify <file>',
      "check the signature of a report that `erasure report` printed; exit code 1 when it is another's",
    ],
    ['erasure replay', 'after a restore: erase again whom the backup brought back'],
  ],
  options: { user: { type: 'string' }, reason: { type: 'string' } },
  async run(input) {
    const [verb, argument] = input.positionals
    if (verb === 'list') return withWiring(list)
    if (verb === 'request') return withWiring((wiring) => request(wiring, input))
    if (verb === 'cancel' && argument !== undefined) return withWiring((wiring) => cancel(wiring, argument))
    if (verb === 'report' && argument !== undefined) return withWiring((wiring) => report(wiring, argument))
    if (verb === 'verify' && argument !== undefined) return verify(argument)
    if (verb === 'replay') return withWiring(replay)
    throw new Error(
      'give erasure list, request, cancel <id>, report <id>, verify <file> or replay; see npm run tributary -- help',
    )
  },
}

async function list({ db }: Wiring): Promise<string> {
  const [lines, { people, refused }] = [await listErasures(db, SHOWN), await countTombstones(db)]
  return [
    ...lines.map(describe),
    `${people} people erased; ${refused} attempts to bring somebody back refused`,
    '',
  ].join('\n')
}

function describe({ id, status, held, channel, requestedAt, erasesAt, finishedAt }: ErasureLine): string {
  const end = finishedAt === null ? `due ${erasesAt.toISOString()}` : `finished ${finishedAt.toISOString()}`
  return `${id} ${status}${held ? ' (held)' : ''}, ${channel}, asked for ${requestedAt.toISOString()}, ${end}`
}

async function request(wiring: Wiring, input: Input): Promise<string> {
  const userId = z.uuid().safeParse(required(input, 'user'))
  if (!userId.success) throw new Error('--user must be a UUID')
  const reason = required(input, 'reason').trim()
  if (reason.length < 10) throw new Error('--reason must say in ten characters at least how they asked')
  const asked = await requestErasure(wireErasure(wiring), { userId: userId.data, reason, actor: OPERATOR })
  return `${asked.requestId} ${asked.status}; it begins at ${asked.erasesAt.toISOString()}\n`
}

async function cancel(wiring: Wiring, id: string): Promise<string> {
  const erasure = z.uuid().safeParse(id).success ? await findErasure(wiring.db, id) : undefined
  if (erasure === undefined) throw new Error('there is no such deletion; see erasure list')
  const { userId, status } = erasure
  if (userId === null || status !== 'requested') throw new Error(`the deletion is ${status}: it cannot be taken back`)
  await cancelErasure(wireErasure(wiring), { id, userId, actor: OPERATOR })
  return `${id} is cancelled\n`
}

async function report({ db }: Wiring, id: string): Promise<string> {
  const erasure = z.uuid().safeParse(id).success ? await findErasure(db, id) : undefined
  if (erasure === undefined) throw new Error('there is no such deletion; see erasure list')
  if (erasure.report === null) throw new Error(`the deletion is ${erasure.status}: there is no report yet`)
  const { report: text, reportSignature: signature, reportKey: key } = erasure
  return `${JSON.stringify({ report: text, signature, key }, null, 2)}\n`
}

const Printed = z.object({ report: z.string(), signature: z.string(), key: z.string() })

async function verify(file: string): Promise<string> {
  const printed = Printed.safeParse(await readJson(file))
  if (!printed.success) throw new Error(`${file} is not what \`erasure report\` prints, or was never signed`)
  if (!isReportAuthentic(printed.data)) throw new Error(`${file} was altered, or signed with another key than it names`)
  return `signed with ${printed.data.key}; compare it with what \`audit verify\` prints\n`
}

async function replay({ config, db, audit }: Wiring): Promise<string> {
  const people = await replayErased({ db, store: wireBackup({ config, db, audit })?.store })
  return `${people} people are erased again; the worker does it\n`
}
