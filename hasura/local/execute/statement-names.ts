import { createHash } from 'node:crypto'
import type { QueryConfig } from 'pg'
import type { SqlText } from '../sql/write.ts'

/** A named statement lives as long as its connection, so their number has to end somewhere. */
const MAX_NAMES = 1000
const MAX_NAMED_LENGTH = 20_000

/** Lets Postgres keep the plan of a statement that comes again. The first time it is not worth a name. */
export class StatementNames {
  readonly #seen = new Map<string, string>()

  config({ text, values }: SqlText): QueryConfig {
    const config = { text, values: [...values] }
    if (text.length > MAX_NAMED_LENGTH) return config
    const name = this.#seen.get(text)
    if (name !== undefined) return { ...config, name }
    if (this.#seen.size < MAX_NAMES) this.#seen.set(text, createHash('sha256').update(text).digest('hex').slice(0, 32))
    return config
  }
}
