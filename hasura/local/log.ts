/** One line per unit of work: ids, counts and durations, never values, bodies or header contents. */
export type EngineLog = (
  level: 'info' | 'warn' | 'error',
  operation: string,
  facts?: Readonly<Record<string, string | number | boolean>>,
) => void

/** For callers that do not want lines. */
export const silentLog: EngineLog = () => {}

/** The part of an unknown error that may be logged: its class and message, never the fields a library hung on it. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
