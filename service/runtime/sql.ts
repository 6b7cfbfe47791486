export interface Query {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Turns sql`select ${value}` into text with $1 and a value list. Identifiers are never interpolated. */
export function sql(parts: TemplateStringsArray, ...values: unknown[]): Query {
  return { text: parts.reduce((text, part, index) => `${text}$${index}${part}`), values }
}
