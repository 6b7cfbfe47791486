import { launch } from './launch.ts'

/** Why everything stops: the person asked for it. */
class Asked extends Error {}

/**
 * Runs the programs of a checkout until it is asked to stop (0) or a part of it ends or cannot start (1); answers the exit
 * code. Nothing is left running.
 */
export async function run(root: string): Promise<number> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(new Asked()))
  const stopped = new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()))
  const undo: (() => Promise<void>)[] = []
  let failure: unknown
  try {
    await launch({ env: process.env, root, print, stopping, undo })
    await stopped
    failure = stopping.signal.reason
  } catch (error) {
    failure = error
  }
  // What stops us is known by now; whatever ends from here on was told to.
  stopping.abort(failure)
  if (!(failure instanceof Asked)) report(failure)
  for (const step of undo.reverse()) await step().catch(report)
  return failure instanceof Asked ? 0 : 1
}

function print(text: string): void {
  process.stdout.write(text)
}

function report(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
}
