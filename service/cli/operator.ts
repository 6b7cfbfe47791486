import type { z } from 'zod'
import { loadConfig } from '../config.ts'
import { AppError } from '../runtime/errors.ts'
import { type Wiring, wire } from '../wiring.ts'
import { explainRefusal } from './explain-refusal.ts'

/** Whoever may run a command has the database already, so no name is asked for: the trail says that it was the command line. */
export const OPERATOR = { kind: 'operator', id: null } as const

/** Opens the parts, acts, closes them. A refusal is told in one line. */
export async function withWiring(act: (wiring: Wiring) => Promise<string>): Promise<string> {
  const wiring = wire(await loadConfig(), 'cli')
  try {
    return await act(wiring)
  } catch (error) {
    throw error instanceof AppError ? new Error(explainRefusal(error), { cause: error }) : error
  } finally {
    await wiring.db.close()
  }
}

/** Throws Error with the complaint. */
export function parseOr<Value>(schema: z.ZodType<Value>, text: string, complaint: string): Value {
  const parsed = schema.safeParse(text)
  if (!parsed.success) throw new Error(complaint)
  return parsed.data
}
