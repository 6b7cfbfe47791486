import { loadConfig } from '../config.ts'
import { AppError } from '../runtime/errors.ts'
import { type Wiring, wire } from '../wiring.ts'

/** Runs a command on the parts of the service, and tells a refusal by its code and in words. */
export async function withWiring(work: (wiring: Wiring) => Promise<string>): Promise<string> {
  const wiring = wire(await loadConfig(), 'cli')
  try {
    return await work(wiring)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { problem } = error.facts
    const detail = problem === undefined ? '' : ` (${String(problem)})`
    throw new Error(`${error.code}: ${error.spec.publicMessage}${detail}`, { cause: error })
  } finally {
    await wiring.db.close()
  }
}
