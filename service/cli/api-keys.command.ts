import { z } from 'zod'
import {
  createApiKey,
  KEY_DAYS,
  type KeyServices,
  OVERLAP_MINUTES,
  revokeApiKey,
  rotateApiKey,
  type ShownKey,
} from '../access/api-keys.ts'
import { type KeyRow, listKeys } from '../access/queries.ts'
import { loadConfig } from '../config.ts'
import { wire } from '../wiring.ts'
import { type Command, type Input, optional, required } from './command.ts'

// Whoever may run this has the database already, so no name is asked for: the trail says that it was the command line.
const MANAGER = { kind: 'operator', id: null } as const

export const apiKeysCommand: Command = {
  name: 'api-keys',
  usage: [
    ['api-keys list', 'print every API key, without the keys themselves'],
    [
      'api-keys create --name <text> --scopes <a,b> [--days 90]',
      "make a machine's key: webhook:<platform>, metrics:read",
    ],
    ['api-keys rotate <id> [--overlap-minutes 1440]', 'put a new key in its place; both work for the overlap'],
    ['api-keys revoke <id>', 'end a key at once'],
  ],
  options: {
    name: { type: 'string' },
    scopes: { type: 'string' },
    days: { type: 'string' },
    'overlap-minutes': { type: 'string' },
  },
  async run(input) {
    const [what = '', ...rest] = input.positionals
    const action = ACTIONS[what]
    if (action === undefined) throw new Error('give list, create, rotate or revoke; see npm run tributary -- help')
    const read = action(input, rest[0])
    const wiring = wire(await loadConfig(), 'cli')
    try {
      return await read(wiring.apiKeys)
    } finally {
      await wiring.db.close()
    }
  },
}

/** What was typed is read before anything is opened. */
type Action = (input: Input, id: string | undefined) => (services: KeyServices) => Promise<string>

const ACTIONS: Readonly<Record<string, Action>> = {
  list:
    () =>
    async ({ db }) =>
      describeKeys(await listKeys(db)),
  create(input) {
    const request = {
      name: required(input, 'name'),
      scopes: required(input, 'scopes').split(','),
      days: whole(input, 'days', { absent: KEY_DAYS.default, min: 1, max: KEY_DAYS.max }),
    }
    return async (services) => describeNew(await createApiKey(services, MANAGER, request))
  },
  rotate(input, id) {
    const options = { absent: OVERLAP_MINUTES.default, min: 0, max: OVERLAP_MINUTES.max }
    const request = { id: keyId(id), overlapMinutes: whole(input, 'overlap-minutes', options) }
    return async (services) => describeNew(await rotateApiKey(services, MANAGER, request))
  },
  revoke(_input, id) {
    const revoked = keyId(id)
    return async (services) => {
      const { revokedAt } = await revokeApiKey(services, MANAGER, revoked)
      return `revoked at ${revokedAt.toISOString()}\n`
    }
  },
}

function keyId(text: string | undefined): string {
  if (z.uuid().safeParse(text).success && text !== undefined) return text
  throw new Error('give the id of a key; find it with npm run tributary -- api-keys list')
}

function whole(input: Input, name: string, { absent, min, max }: { absent: number; min: number; max: number }): number {
  const value = Number(optional(input, name) ?? absent)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new Error(`--${name} must be a whole number from ${min} to ${max}`)
}

function describeNew({ id, key, scopes, expiresAt }: ShownKey): string {
  const lines = [key.reveal(), `id ${id}, ${scopes.join(' ')}, until ${expiresAt.toISOString()}`]
  return `${lines.join('\n')}\nIt is not shown again.\n`
}

function describeKeys(keys: readonly KeyRow[]): string {
  if (keys.length === 0) return 'no API keys\n'
  const lines = keys.map(({ id, state, keyPrefix, name, scopes, userId, expiresAt, lastUsedAt }) =>
    [
      id,
      state,
      keyPrefix,
      `"${name}"`,
      scopes.join(' '),
      `of ${userId ?? 'a machine'}`,
      `until ${day(expiresAt)}`,
      `last used ${lastUsedAt === null ? 'never' : lastUsedAt.toISOString()}`,
    ].join('  '),
  )
  return `${lines.join('\n')}\n`
}

function day(at: Date): string {
  return at.toISOString().slice(0, 10)
}
