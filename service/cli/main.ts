import { parseArgs } from 'node:util'
import { keepMemoryFlat } from '../runtime/flat-memory.ts'
import type { Command } from './command.ts'
import { describeFailure } from './describe-failure.ts'
import { findExtraWord } from './extra-word.ts'

/** Loaded when they are asked for: an import of gigabytes needs no client of object stores in its memory. */
const COMMANDS = {
  sync: async () => (await import('./sync.command.ts')).syncCommand,
  reconcile: async () => (await import('./sync.command.ts')).reconcileCommand,
  jobs: async () => (await import('./jobs.command.ts')).jobsCommand,
  'dead-letters': async () => (await import('./dead-letters.command.ts')).deadLettersCommand,
  keys: async () => (await import('./keys.command.ts')).keysCommand,
  token: async () => (await import('./person.command.ts')).tokenCommand,
  status: async () => (await import('./person.command.ts')).statusCommand,
  import: async () => (await import('./import.command.ts')).importCommand,
  normalize: async () => (await import('./payload.command.ts')).normalizeCommand,
  replay: async () => (await import('./payload.command.ts')).replayCommand,
  access: async () => (await import('./access.command.ts')).accessCommand,
  'api-keys': async () => (await import('./api-keys.command.ts')).apiKeysCommand,
  archive: async () => (await import('./archive.command.ts')).archiveCommand,
  audit: async () => (await import('./audit.command.ts')).auditCommand,
  emergency: async () => (await import('./emergency.command.ts')).emergencyCommand,
  erasure: async () => (await import('./erasure.command.ts')).erasureCommand,
  hold: async () => (await import('./hold.command.ts')).holdCommand,
  breach: async () => (await import('./breach.command.ts')).breachCommand,
  consents: async () => (await import('./consents.command.ts')).consentsCommand,
  copy: async () => (await import('./copy.command.ts')).copyCommand,
  requests: async () => (await import('./requests.command.ts')).requestsCommand,
  'import-oauth1': async () => (await import('./import-oauth1.command.ts')).importOAuth1Command,
  backup: async () => (await import('./backup.command.ts')).backupCommand,
  restore: async () => (await import('./backup.command.ts')).restoreCommand,
  verify: async () => (await import('./backup.command.ts')).verifyCommand,
} satisfies Record<string, () => Promise<Command>>

async function describe(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()))
  const lines = commands.flatMap(({ usage }) => usage.map(([call, effect]) => `  ${call.padEnd(50)} ${effect}`))
  return ['usage: npm run tributary -- <command>', '', ...lines, ''].join('\n')
}

async function run(args: string[]): Promise<string> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help') return describe()
  if (!Object.hasOwn(COMMANDS, name)) throw new Error(`no command "${name}"; see npm run tributary -- help`)
  const { loadDevelopmentEnvironment } = await import('../config.ts')
  const command = await COMMANDS[name as keyof typeof COMMANDS]()
  const { values, positionals } = parseArgs({ args: rest, allowPositionals: true, options: command.options })
  const extra = findExtraWord(command, positionals)
  if (extra !== undefined) throw new Error(`${name} has no place for "${extra}"; see npm run tributary -- help`)
  loadDevelopmentEnvironment()
  return command.run({ values: values as Record<string, string | boolean | undefined>, positionals })
}

// Before anything is loaded: what the heap has grown to it does not give back.
keepMemoryFlat()
run(process.argv.slice(2)).then(
  (text) => process.stdout.write(text),
  (error: unknown) => {
    process.stderr.write(`tributary: ${describeFailure(error)}\n`)
    process.exitCode = 1
  },
)
