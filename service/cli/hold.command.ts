import { z } from 'zod'
import { type HoldLine, listHolds, placeHold, releaseHold } from '../compliance/hold/legal-hold.ts'
import type { Wiring } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { OPERATOR as ACTOR, withWiring } from './operator.ts'

export const holdCommand: Command = {
  name: 'hold',
  usage: [
    ['hold place [--user <uuid>] --reason <text>', "keep a person's data, or everybody's, from retention and erasure"],
    ['hold release <hold id> --reason <text>', 'end it; deletions that waited begin'],
    ['hold list', 'print holds, newest first'],
  ],
  options: { user: { type: 'string' }, reason: { type: 'string' } },
  async run(input) {
    const [verb, id] = input.positionals
    if (verb === 'place') return withWiring((wiring) => place(wiring, input))
    if (verb === 'release' && id !== undefined) return withWiring((wiring) => release(wiring, input, id))
    if (verb === 'list') return withWiring(list)
    throw new Error('give hold place, hold release <id> or hold list; see npm run tributary -- help')
  },
}

async function list({ db }: Wiring): Promise<string> {
  const holds = await listHolds(db)
  return holds.length === 0 ? 'nothing is held\n' : holds.map(describe).join('')
}

function reasonOf(input: Input): string {
  const reason = required(input, 'reason').trim()
  if (reason.length < 10 || reason.length > 1000) throw new Error('--reason must have 10 to 1000 characters')
  return reason
}

async function place({ db, audit }: Wiring, input: Input): Promise<string> {
  const user = optional(input, 'user')
  if (user !== undefined && !z.uuid().safeParse(user).success) throw new Error('--user must be a UUID')
  const { holdId } = await placeHold({ db, audit }, { userId: user ?? null, reason: reasonOf(input), actor: ACTOR })
  return `${holdId} holds ${user === undefined ? 'all data' : 'the data of this person'}\n`
}

async function release({ db, audit }: Wiring, input: Input, holdId: string): Promise<string> {
  if (!z.uuid().safeParse(holdId).success) throw new Error('the hold must be a UUID; see hold list')
  await releaseHold({ db, audit }, { holdId, reason: reasonOf(input), actor: ACTOR })
  return `${holdId} is released\n`
}

function describe({ id, userId, reason, placedAt, releasedAt }: HoldLine): string {
  const until = releasedAt === null ? 'in force' : `until ${releasedAt.toISOString()}`
  return `${id} ${userId ?? 'everybody'}, since ${placedAt.toISOString()}, ${until}: ${JSON.stringify(reason)}\n`
}
