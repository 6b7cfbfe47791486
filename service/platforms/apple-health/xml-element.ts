/** An element of a file with all it holds; text between elements is left out: Apple writes none. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Why it cannot be used; it is then refused alone. */
  readonly problem?: string
}

export interface XmlLimits {
  /** Of one start tag with its attributes. */
  readonly tagBytes: number
  /** Of one element below the root with all it holds: what is in memory at once. */
  readonly elementBytes: number
}

/** A record has under a kilobyte, the longest tag seen in the wild two; the inline locations of a day's walk are some ten megabytes. */
export const XML_LIMITS: XmlLimits = { tagBytes: 256 * 1024, elementBytes: 32 * 1024 * 1024 }

export const DEEPEST = 32
