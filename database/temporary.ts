import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from './embedded.ts'

export interface TemporaryServer {
  /** Superuser. */
  readonly adminUrl: string
  /** Stops the server and removes its data. */
  close(): Promise<void>
}

// The data is worthless afterwards, so nothing waits for the disk.
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '256MB',
  max_connections: '300',
}

const MEMORY_DIRECTORY = '/dev/shm'
const MEMORY_NEEDED_BYTES = 4 * 1024 ** 3

/** The server that `DATABASE_URL` names, left as it is by `close`; without one, an embedded server that forgets everything. */
export async function openTemporaryServer(databaseUrl: string | undefined): Promise<TemporaryServer> {
  if (databaseUrl !== undefined) return { adminUrl: databaseUrl, close: () => Promise.resolve() }
  const directory = createTemporaryDirectory()
  const remove = () => rmSync(directory, { recursive: true, force: true })
  try {
    const server = await startEmbeddedPostgres({ dataDirectory: join(directory, 'postgres'), settings: SETTINGS })
    return { adminUrl: server.adminUrl, close: () => server.stop().finally(remove) }
  } catch (error) {
    remove()
    throw error
  }
}

/** A new directory, in memory where there is room, that the server's user can get through; the caller removes it. */
export function createTemporaryDirectory(): string {
  const directory = mkdtempSync(join(fastestDirectory(), 'tributary-'))
  chmodSync(directory, 0o711)
  return directory
}

// Cloning a database creates about four hundred files: 500 ms on a slow virtual disk, 20 ms in memory.
function fastestDirectory(): string {
  try {
    accessSync(MEMORY_DIRECTORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY_DIRECTORY)
    return bavail * bsize >= MEMORY_NEEDED_BYTES ? MEMORY_DIRECTORY : tmpdir()
  } catch {
    return tmpdir()
  }
}
