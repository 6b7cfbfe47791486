import type { AppError } from '../runtime/errors.ts'

/** One line: the catalogue's sentence tells the next step, `problem` what was wrong. */
export function explainRefusal({ spec, facts }: AppError): string {
  const { problem } = facts
  return typeof problem === 'string' ? `${spec.publicMessage.replace(/\.$/, '')}: ${problem}` : spec.publicMessage
}
