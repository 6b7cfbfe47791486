import pg from 'pg'
import { HasuraError } from '../errors.ts'
import type { ColumnValue } from '../schema/predicate.ts'
import type { Session } from '../session.ts'

/** The protocol counts parameters in 16 bits. */
const MAX_PARAMETERS = 65_535

/** Collects the parameters of one statement while its text is being written, and hands out aliases. */
export class Statement {
  readonly values: ColumnValue[] = []
  readonly #variables: Session['variables']
  #aliases = 0

  constructor(session: Session) {
    this.#variables = session.variables
  }

  /** An expression for a value given as text. */
  parameter(value: ColumnValue, sqlType: string): string {
    if (this.values.length >= MAX_PARAMETERS) return literal(value, sqlType)
    this.values.push(value)
    return `$${this.values.length}::${sqlType}`
  }

  /** An expression for a session variable. Throws `not-found` when the session has none: it is an error, not false. */
  sessionVariable(name: string, sqlType: string): string {
    const value = Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined
    if (value === undefined) {
      throw new HasuraError({ code: 'not-found', message: `missing session variable: "${name}"` })
    }
    return this.parameter(value, sqlType)
  }

  alias(): string {
    this.#aliases += 1
    return `t${this.#aliases}`
  }
}

function literal(value: ColumnValue, sqlType: string): string {
  if (value === null) return `null::${sqlType}`
  if (typeof value === 'string') return `${pg.escapeLiteral(value)}::${sqlType}`
  return `array[${value.map((item) => literal(item, 'text')).join(', ')}]::${sqlType}`
}

export function identifier(name: string): string {
  return pg.escapeIdentifier(name)
}

export function tableName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${identifier(schema)}.${identifier(name)}`
}

/** A column of an aliased row. */
export function columnOf(alias: string, column: string): string {
  return `${alias}.${identifier(column)}`
}

export function textLiteral(text: string): string {
  return pg.escapeLiteral(text)
}

/** What an identifier can be at most; Postgres cuts off the rest. */
const MAX_IDENTIFIER_BYTES = 63

/** A JSON object with these members in this order, evaluated where the expressions can see their rows. */
export function jsonObject(members: readonly (readonly [string, string])[]): string {
  if (members.length === 0) return `'{}'::json`
  if (members.some(([key]) => Buffer.byteLength(key) > MAX_IDENTIFIER_BYTES)) {
    return `json_build_object(${members.map(([key, value]) => `${textLiteral(key)}, ${value}`).join(', ')})`
  }
  const columns = members.map(([key, value]) => `${value} as ${identifier(key)}`)
  return `(select row_to_json(o) from (select ${columns.join(', ')}) o)`
}

export function conjunction(...conditions: readonly string[]): string {
  const relevant = conditions.filter((condition) => condition !== 'true')
  return relevant.length === 0 ? 'true' : relevant.join(' and ')
}
