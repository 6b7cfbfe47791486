import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Whether a test asks the product in processes of its own, by GraphQL or HTTP. */
export function drivesProcesses(file: string): boolean {
  return /\b(startProduct|startOwnProduct|torture)\(/.test(readFileSync(join(ROOT, file), 'utf8'))
}
