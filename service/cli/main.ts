import { parseArgs } from 'node:util'
import { z } from 'zod'
import { loadClientConfig, loadDevelopmentEnvironment } from '../config.ts'
import { showStatus } from './status.ts'
import { signToken } from './token.ts'

const USAGE = `usage: npm run tributary -- <command>

  token --user <uuid> [--role user]    print a JWT for 15 minutes (development only)
  status --user <uuid>                 print a person's connections, imports and totals, asked through GraphQL
`

const Options = z.object({ user: z.uuid('--user must be a UUID'), role: z.string().min(1).default('user') })

async function run(args: string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { user: { type: 'string' }, role: { type: 'string' } },
  })
  const [command] = positionals
  if (command === undefined || command === 'help') return USAGE
  if (command !== 'token' && command !== 'status')
    throw new Error(`no command "${command}"; see npm run tributary -- help`)
  const options = Options.safeParse(values)
  if (!options.success) throw new Error(options.error.issues[0]?.message ?? 'bad options')
  loadDevelopmentEnvironment()
  const config = loadClientConfig()
  if (config.nodeEnvironment === 'production')
    throw new Error('tokens are issued by your identity provider in production')
  const token = await signToken(config.hasura.jwt, { userId: options.data.user, role: options.data.role })
  return command === 'token' ? `${token}\n` : showStatus({ endpoint: `${config.hasura.url}/v1/graphql`, token })
}

run(process.argv.slice(2)).then(
  (text) => process.stdout.write(text),
  (error: unknown) => {
    process.stderr.write(`tributary: ${error instanceof Error ? error.message : 'failed'}\n`)
    process.exitCode = 1
  },
)
