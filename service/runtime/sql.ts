export interface Query {
  readonly text: string
  readonly values: readonly unknown[]
  /** Of a statement that each connection prepares once. */
  readonly name?: string
}

/** Turns sql`select ${value}` into text with $1 and a value list. Identifiers are never interpolated. */
export function sql(parts: TemplateStringsArray, ...values: unknown[]): Query {
  return { text: parts.reduce((text, part, index) => `${text}$${index}${part}`), values }
}

const names = new WeakMap<TemplateStringsArray, string>()
let named = 0

/**
 * The same for the few statements that every job or request makes: each connection parses them once, and plans them once where no value
 * changes the plan. Not for large or partitioned tables, and not for the queue's: a plan that was made while a table was empty reads all of it.
 */
export function preparedSql(parts: TemplateStringsArray, ...values: unknown[]): Query {
  const name = names.get(parts) ?? `tributary_${(named += 1)}`
  names.set(parts, name)
  return { ...sql(parts, ...values), name }
}

const NEEDS_NO_QUOTES = /^[\w/.:+-]+$/

/** A Postgres array as text: of a column of thousands of values, an eighth of what the driver takes for it. */
export function arrayText(values: readonly (string | number | boolean | null)[]): string {
  let text = '{'
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) text += ','
    const value = values[index] ?? null
    text += typeof value === 'string' ? quoted(value) : String(value)
  }
  return `${text}}`
}

/** The same of numbers alone, in half the time. What is no number (NaN, the infinite) becomes null, as in JSON. */
export function numbersText(values: readonly (number | null)[]): string {
  return `{${JSON.stringify(values).slice(1, -1)}}`
}

function quoted(value: string): string {
  if (NEEDS_NO_QUOTES.test(value) && !/^null$/i.test(value)) return value
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}
