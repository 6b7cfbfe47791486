import type { Log } from './log.ts'

export interface Phase {
  readonly name: string
  /** The phase is abandoned after this long; the next one runs all the same. */
  readonly withinMs: number
  readonly run: () => Promise<void>
}

/** Runs the phases in order on SIGTERM or SIGINT, then ends the process. A second signal ends it at once. */
export function shutDownOnSignal(phases: readonly Phase[], log: Log): void {
  let stopping = false
  const stop = (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ operation: 'shutdown', signal }, 'stopping')
    runPhases(phases, log).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

export async function runPhases(phases: readonly Phase[], log: Log): Promise<void> {
  for (const { name, withinMs, run } of phases) {
    const started = performance.now()
    const outcome = await Promise.race([
      run().then(
        () => 'done' as const,
        () => 'failed' as const,
      ),
      new Promise<'timed out'>((resolve) => setTimeout(resolve, withinMs, 'timed out').unref()),
    ])
    log.info(
      { operation: 'shutdown', phase: name, outcome, duration_ms: Math.round(performance.now() - started) },
      'stopping',
    )
  }
}
