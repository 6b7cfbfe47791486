import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Takes a lock that ends with this process, however it ends, and answers how to give it back (twice is no fault);
 * undefined when another process holds it. SQLite's file lock and not a file with our pid: a killed process leaves
 * nothing that could be mistaken for alive.
 */
export function takeLock(path: string): { readonly release: () => void } | undefined {
  mkdirSync(dirname(path), { recursive: true })
  const file = new DatabaseSync(path)
  try {
    file.exec('begin exclusive')
  } catch (error) {
    file.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return {
    release: () => {
      if (file.isOpen) file.close()
    },
  }
}

const SQLITE_BUSY = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
