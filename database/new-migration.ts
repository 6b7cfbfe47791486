import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMigrations } from './migration-files.ts'

const UP = `set local lock_timeout = '5s';

`

/** Creates the folder of a new migration and answers its path. Throws with a line for the user when the name will not do. */
export function createMigration({ directory, name, now }: { directory: string; name: string; now: Date }): string {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name))
    throw new Error('Usage: npm run db:new -- <verb_noun>, for example add_sleep_sessions')
  const version = now.toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const newest = readMigrations(directory).at(-1)?.version
  // Whoever has the newer one already would never get this one before it, and everybody else would.
  if (newest !== undefined && newest >= version)
    throw new Error(`Migration ${newest} is not older than now (${version}, UTC); is the clock right?`)
  const path = join(directory, `${version}_${name}`)
  mkdirSync(path)
  writeFileSync(join(path, 'up.sql'), UP)
  writeFileSync(join(path, 'down.sql'), UP)
  return path
}

function main(): void {
  try {
    const directory = join(import.meta.dirname, 'migrations', 'default')
    process.stdout.write(`${createMigration({ directory, name: process.argv[2] ?? '', now: new Date() })}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main) main()
