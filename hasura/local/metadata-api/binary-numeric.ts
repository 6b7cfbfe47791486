import type { CatalogTable } from '../catalog/catalog.ts'
import type { Json } from './draft.ts'

/** Digits of one group in Postgres' binary notation of `numeric`. */
const GROUP = 4

/**
 * The object with its numbers for `numeric` columns as the binary notation carries them: with a fraction of whole
 * groups of digits. The older commands send values so, and a `numeric` without a scale of its own keeps it: 1.5 is 1.5000.
 */
export function paddedNumerics({ columns }: CatalogTable, object: Json): Json {
  const numerics = new Set(columns.filter(({ typeName, isArray }) => typeName === 'numeric' && !isArray).map(toName))
  const entries = Object.entries(object).map(([name, value]) => {
    return [name, typeof value === 'number' && numerics.has(name) ? padded(String(value)) : value]
  })
  return Object.fromEntries(entries)
}

function toName({ name }: { readonly name: string }): string {
  return name
}

function padded(text: string): string {
  const [plain = '', fraction] = text.split('.')
  if (fraction === undefined || /e/i.test(text)) return text
  return `${plain}.${fraction.padEnd(Math.ceil(fraction.length / GROUP) * GROUP, '0')}`
}
