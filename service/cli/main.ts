import { parseArgs } from 'node:util'
import { loadDevelopmentEnvironment } from '../config.ts'
import { accessCommand } from './access.command.ts'
import { apiKeysCommand } from './api-keys.command.ts'
import { archiveCommand } from './archive.command.ts'
import { auditCommand } from './audit.command.ts'
import { backupCommand, restoreCommand, verifyCommand } from './backup.command.ts'
import { breachCommand } from './breach.command.ts'
import type { Command } from './command.ts'
import { consentsCommand } from './consents.command.ts'
import { copyCommand } from './copy.command.ts'
import { deadLettersCommand } from './dead-letters.command.ts'
import { describeFailure } from './describe-failure.ts'
import { erasureCommand } from './erasure.command.ts'
import { holdCommand } from './hold.command.ts'
import { importCommand } from './import.command.ts'
import { importOAuth1Command } from './import-oauth1.command.ts'
import { jobsCommand } from './jobs.command.ts'
import { keysCommand } from './keys.command.ts'
import { normalizeCommand, replayCommand } from './payload.command.ts'
import { statusCommand, tokenCommand } from './person.command.ts'
import { requestsCommand } from './requests.command.ts'
import { reconcileCommand, syncCommand } from './sync.command.ts'

const COMMANDS: readonly Command[] = [
  syncCommand,
  reconcileCommand,
  jobsCommand,
  deadLettersCommand,
  keysCommand,
  tokenCommand,
  statusCommand,
  importCommand,
  normalizeCommand,
  replayCommand,
  accessCommand,
  apiKeysCommand,
  auditCommand,
  erasureCommand,
  holdCommand,
  breachCommand,
  consentsCommand,
  copyCommand,
  requestsCommand,
  importOAuth1Command,
  archiveCommand,
  backupCommand,
  restoreCommand,
  verifyCommand,
]

function describe(): string {
  const lines = COMMANDS.flatMap(({ usage }) => usage.map(([call, effect]) => `  ${call.padEnd(50)} ${effect}`))
  return ['usage: npm run tributary -- <command>', '', ...lines, ''].join('\n')
}

async function run(args: string[]): Promise<string> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help') return describe()
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (command === undefined) throw new Error(`no command "${name}"; see npm run tributary -- help`)
  const { values, positionals } = parseArgs({ args: rest, allowPositionals: true, options: command.options })
  loadDevelopmentEnvironment()
  return command.run({ values: values as Record<string, string | boolean | undefined>, positionals })
}

run(process.argv.slice(2)).then(
  (text) => process.stdout.write(text),
  (error: unknown) => {
    process.stderr.write(`tributary: ${describeFailure(error)}\n`)
    process.exitCode = 1
  },
)
