import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The lines of `postmaster.pid`; empty when there is none. PostgreSQL writes the state on the eighth. */
function readPidFile(dataDirectory: string): string[] {
  try {
    return readFileSync(`${dataDirectory}/postmaster.pid`, 'utf8').split('\n')
  } catch {
    return []
  }
}

const STATE_LINE = 7

/** Whether the server with this process id takes connections. */
export function isReady(dataDirectory: string, processId: number | undefined): boolean {
  const lines = readPidFile(dataDirectory)
  return Number(lines[0]) === processId && lines[STATE_LINE]?.trim() === 'ready'
}

/** The process id of the server running on the directory. A pid file alone proves nothing: the number may be another's by now. */
export function findPostmaster(dataDirectory: string): number | undefined {
  const processId = Number(readPidFile(dataDirectory)[0])
  if (!Number.isInteger(processId) || processId <= 1 || !isAlive(processId)) return undefined
  if (process.platform !== 'linux') return processId
  try {
    return readlinkSync(`/proc/${processId}/cwd`) === realpathSync(dataDirectory) ? processId : undefined
  } catch {
    return undefined
  }
}

/** Stops the server a killed launcher left behind, if there is one. It may already be stopping by itself. */
export async function stopPostmaster(dataDirectory: string, withinMs: number): Promise<void> {
  const processId = findPostmaster(dataDirectory)
  if (processId === undefined) return
  process.kill(processId, 'SIGINT')
  const deadline = Date.now() + withinMs
  while (findPostmaster(dataDirectory) === processId) {
    if (Date.now() > deadline)
      throw new Error(
        `PostgreSQL (process ${processId}) still runs on ${dataDirectory} and does not stop; end it first.`,
      )
    await sleep(20)
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}
