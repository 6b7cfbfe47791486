import type { Config } from './config.ts'
import { createLog, type Log } from './runtime/log.ts'
import { openTracer } from './runtime/open-tracer.ts'
import { plainTracer, type Tracer } from './runtime/trace.ts'

/** Of the released product, as its health and its traces say it. */
export const VERSION = '0.1.0'

/** What a process has before anything else. */
export interface Beginnings {
  readonly log: Log
  readonly tracer: Tracer
}

export async function begin(config: Config, processName: 'service' | 'worker'): Promise<Beginnings> {
  const { log } = beginPlainly(config, processName)
  return { log, tracer: await openTracer({ settings: config.tracing, log, process: processName, version: VERSION }) }
}

/** For commands and tests: no traces are kept. */
export function beginPlainly(config: Config, processName: string): Beginnings {
  return { log: createLog({ level: config.logLevel, process: processName }), tracer: plainTracer }
}
