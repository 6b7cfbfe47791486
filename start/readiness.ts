import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './children.ts'

const ASK_AGAIN_MS = 50
const WITHIN_MS = 60_000

/**
 * Resolves when every child with a `readyUrl` answers it, and not with a fault of its own. Throws the reason of the signal when that is aborted
 * before, and a line for the user when one takes too long.
 */
export async function waitUntilReady(children: readonly Child[], signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  await Promise.all(children.map((child) => waitForOne(child, deadline, signal)))
}

async function waitForOne(
  { program: { name, readyUrl } }: Child,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  if (readyUrl === undefined) return
  while (!(await answers(readyUrl))) {
    signal.throwIfAborted()
    if (Date.now() > deadline) throw new Error(`${name} does not answer at ${readyUrl} after ${WITHIN_MS / 1000} s.`)
    await sleep(ASK_AGAIN_MS)
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.status < 500
  } catch {
    return false
  }
}
