import {
  allowRole,
  listRestrictions,
  RESTRICTABLE_ROLES,
  type Restriction,
  type RolePlatform,
  restrictRole,
} from '../access/role-restrictions.ts'
import { loadConfig } from '../config.ts'
import { type Wiring, wire } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'

const OPERATOR = { kind: 'operator', id: null } as const

export const accessCommand: Command = {
  name: 'access',
  usage: [
    ['access list', 'print which role is kept from which platform'],
    [
      'access restrict --role <role> --platform <id> [--reason <text>]',
      'keep user, operator or auditor from a platform, from the next request on',
    ],
    ['access allow --role <role> --platform <id>', 'end that'],
  ],
  options: { role: { type: 'string' }, platform: { type: 'string' }, reason: { type: 'string' } },
  async run(input) {
    const [what = ''] = input.positionals
    const action = ACTIONS[what]
    if (action === undefined) throw new Error('give list, restrict or allow; see npm run tributary -- help')
    const act = action(input)
    const wiring = wire(await loadConfig(), 'cli')
    try {
      return await act(wiring)
    } finally {
      await wiring.db.close()
    }
  },
}

/** What was typed is read before anything is opened. */
type Action = (input: Input) => (wiring: Wiring) => Promise<string>

const ACTIONS: Readonly<Record<string, Action>> = {
  list:
    () =>
    async ({ db }) =>
      describe(await listRestrictions(db)),
  restrict(input) {
    const pair = readPair(input)
    const reason = optional(input, 'reason')
    return async (wiring) => {
      checkPlatform(wiring, pair)
      const changed = await restrictRole(wiring, OPERATOR, { ...pair, reason })
      return `${pair.role} is ${changed ? 'now' : 'already'} kept from ${pair.platform}\n`
    }
  },
  allow(input) {
    const pair = readPair(input)
    return async (wiring) => {
      const changed = await allowRole(wiring, OPERATOR, pair)
      return `${pair.role} ${changed ? 'may now work' : 'was not kept from working'} with ${pair.platform}\n`
    }
  },
}

function readPair(input: Input): RolePlatform {
  const role = required(input, 'role')
  if (!RESTRICTABLE_ROLES.some((known) => known === role))
    throw new Error(`--role must be one of ${RESTRICTABLE_ROLES.join(', ')}`)
  return { role, platform: required(input, 'platform') }
}

/** A name nobody knows would look like protection and be none. */
function checkPlatform({ config }: Wiring, { platform }: RolePlatform): void {
  const known = [...config.platforms.keys()]
  if (!known.includes(platform)) throw new Error(`--platform must be one of ${known.toSorted().join(', ')}`)
}

function describe(restrictions: readonly Restriction[]): string {
  if (restrictions.length === 0) return 'every role works with every platform\n'
  const lines = restrictions.map(({ role, platform, reason, createdAt }) =>
    [role, platform, `since ${createdAt.toISOString()}`, ...(reason === null ? [] : [`"${reason}"`])].join('  '),
  )
  return `${lines.join('\n')}\n`
}
