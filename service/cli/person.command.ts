import { z } from 'zod'
import { loadClientConfig } from '../config.ts'
import { type Command, type Input, optional, required } from './command.ts'
import { showStatus } from './status.ts'
import { signToken } from './token.ts'

const UserId = z.uuid('--user must be a UUID')

export const tokenCommand: Command = {
  name: 'token',
  usage: [['token --user <uuid> [--role user]', 'print a JWT for 15 minutes (development only)']],
  options: { user: { type: 'string' }, role: { type: 'string' } },
  run: async (input) => `${(await authorize(input)).token}\n`,
}

export const statusCommand: Command = {
  name: 'status',
  usage: [['status --user <uuid>', "print a person's connections, imports and totals, asked through GraphQL"]],
  options: { user: { type: 'string' }, role: { type: 'string' } },
  async run(input) {
    const { url, token } = await authorize(input)
    return showStatus({ endpoint: `${url}/v1/graphql`, token })
  },
}

async function authorize(input: Input): Promise<{ url: string; token: string }> {
  const userId = UserId.safeParse(required(input, 'user'))
  if (!userId.success) throw new Error(userId.error.issues[0]?.message)
  const config = loadClientConfig()
  if (config.nodeEnvironment === 'production')
    throw new Error('tokens are issued by your identity provider in production')
  const token = await signToken(config.hasura.jwt, { userId: userId.data, role: optional(input, 'role') ?? 'user' })
  return { url: config.hasura.url, token }
}
