import pino from 'pino'
import { AppError, type Facts } from './errors.ts'
import { traceFacts } from './trace.ts'

/** One line per unit of work: ids, those of its chain included, duration, outcome; never a payload, a URL or a secret. */
export interface Log {
  info(facts: Facts, message: string): void
  warn(facts: Facts, message: string): void
  error(facts: Facts, message: string): void
}

export interface LogOptions {
  readonly level: string
  /** Which process speaks: service, worker, cli. */
  readonly process: string
  readonly destination?: pino.DestinationStream
}

const MOST_WAITING = 8 * 1024

// The lines of one turn of the event loop are written together; a line of its own for each is half of what logging costs. They wait here:
// where the library keeps them, it asks for an fsync with each flush, and the process stands still when its output is a file.
const output = pino.destination({ dest: 1, sync: true })
let waiting = ''
const flush = () => {
  if (waiting !== '') output.write(waiting)
  waiting = ''
}
process.once('exit', flush)
const standardOutput: pino.DestinationStream = {
  write(line) {
    if (waiting === '') setImmediate(flush)
    waiting += line
    if (waiting.length > MOST_WAITING) flush()
  },
}

export function createLog({ level, process, destination = standardOutput }: LogOptions): Log {
  const logger = pino({ level, base: { process }, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return {
    info: (facts, message) => logger.info(Object.assign(traceFacts(), facts), message),
    warn: (facts, message) => logger.warn(Object.assign(traceFacts(), facts), message),
    error: (facts, message) => logger.error(Object.assign(traceFacts(), facts), message),
  }
}

/**
 * What may be said of an error: its code, its facts and where it arose. The message of a foreign error is left out, and so is
 * every cause's: a library may have put a response body or a value there.
 */
export function describeError(error: unknown): Facts {
  if (error instanceof AppError)
    return { ...error.facts, ...whereFrom(error), code: error.code, ...describeCause(error.cause) }
  if (error instanceof Error)
    return { ...sqlState(error), ...whereFrom(error), code: 'internal/unexpected', error: error.name }
  return { code: 'internal/unexpected', error: typeof error }
}

function describeCause(cause: unknown): Facts {
  return cause instanceof Error ? { cause: cause.name, ...sqlState(cause) } : {}
}

/** A SQLSTATE or a system error such as ECONNREFUSED: a word from a closed list, never a value. */
function sqlState(error: Error): Facts {
  return 'code' in error && typeof error.code === 'string' && /^[A-Z0-9_]{3,40}$/.test(error.code)
    ? { cause_code: error.code }
    : {}
}

function whereFrom(error: Error): Facts {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  return frames.length === 0
    ? {}
    : {
        stack: frames
          .slice(0, 6)
          .map((line) => line.trim())
          .join(' < '),
      }
}
