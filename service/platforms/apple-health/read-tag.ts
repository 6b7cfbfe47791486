/** A start tag as it stands, attributes decoded. */
export interface StartTag {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly closed: boolean
  /** Where reading goes on. */
  readonly end: number
  readonly problem: string | undefined
}

const SPACE = 32
const SLASH = 47
const GREATER = 62
const EQUALS = 61

/**
 * Reads the tag whose `<` stands at `from`. `text` is the file's bytes, one character each (latin1): searching and cutting such text
 * costs next to nothing, and a value is decoded only when it is needed. Undefined: the tag does not end within the text.
 * 'malformed': this is no tag.
 */
export function readStartTag(text: string, from: number): StartTag | 'malformed' | undefined {
  let at = skipName(text, from + 1)
  if (at >= text.length) return undefined
  if (at === from + 1) return 'malformed'
  const name = text.slice(from + 1, at)
  const attributes: Record<string, string> = {}
  let problem: string | undefined
  for (;;) {
    at = skipSpace(text, at)
    if (at >= text.length) return undefined
    const code = text.charCodeAt(at)
    if (code === GREATER) return { name, attributes, closed: false, end: at + 1, problem }
    if (code === SLASH) {
      if (at + 1 >= text.length) return undefined
      if (text.charCodeAt(at + 1) !== GREATER) return 'malformed'
      return { name, attributes, closed: true, end: at + 2, problem }
    }
    const attribute = readAttribute(text, at)
    if (attribute === undefined || attribute === 'malformed') return attribute
    at = attribute.end
    const value = decodeValue(attribute.value)
    if (value === undefined) problem ??= `${attribute.name}: an entity or character that does not exist`
    else keep(attributes, attribute.name, value)
  }
}

interface Attribute {
  readonly name: string
  readonly value: string
  readonly end: number
}

function readAttribute(text: string, from: number): Attribute | 'malformed' | undefined {
  const nameEnd = skipName(text, from)
  if (nameEnd === from) return 'malformed'
  const equals = skipSpace(text, nameEnd)
  if (equals >= text.length) return undefined
  if (text.charCodeAt(equals) !== EQUALS) return 'malformed'
  const start = skipSpace(text, equals + 1)
  if (start >= text.length) return undefined
  const quote = text[start]
  if (quote !== '"' && quote !== "'") return 'malformed'
  const end = text.indexOf(quote, start + 1)
  if (end === -1) return undefined
  return { name: text.slice(from, nameEnd), value: text.slice(start + 1, end), end: end + 1 }
}

/** iOS 16 wrote `startDate` twice into WorkoutStatistics and no `endDate`: the second one is the end. Otherwise the first counts. */
function keep(attributes: Record<string, string>, name: string, value: string): void {
  if (!Object.hasOwn(attributes, name)) attributes[name] = value
  else if (name === 'startDate' && !Object.hasOwn(attributes, 'endDate')) attributes['endDate'] = value
}

function skipName(text: string, from: number): number {
  let at = from
  while (at < text.length && isNamePart(text.charCodeAt(at))) at += 1
  return at
}

function isNamePart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || // a-z
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 58) || // 0-9 and :
    code === 45 ||
    code === 46 ||
    code === 95 ||
    code >= 128
  )
}

/** Control characters are no space in XML, but iOS 16 wrote U+000B between things. */
function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1
  return at
}

// Control characters are what is looked for here.
// oxlint-disable no-control-regex
const NEEDS_DECODING = /[&\x00-\x1f\x80-\xff]/
const ILLEGAL = /[\x00-\x08\x0b\x0c\x0e-\x1f]/g
// oxlint-enable no-control-regex
const REFERENCE = /&(?:#?[\da-zA-Z]{1,12};)?/g
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The value's characters; undefined when it names an entity or a character that XML does not have: nothing is ever expanded. */
export function decodeValue(latin1: string): string | undefined {
  if (!NEEDS_DECODING.test(latin1)) return latin1
  const text = Buffer.from(latin1, 'latin1')
    .toString('utf8')
    .replace(ILLEGAL, '')
    .replace(/[\t\n\r]/g, ' ')
  if (!text.includes('&')) return text
  let unknown = false
  const decoded = text.replace(REFERENCE, (reference) => {
    const character = NAMED[reference.slice(1, -1)] ?? fromNumber(reference)
    if (character === undefined) unknown = true
    return character ?? ''
  })
  return unknown ? undefined : decoded
}

/** Half of a surrogate pair is no character, nor is what lies beyond Unicode. */
function fromNumber(reference: string): string | undefined {
  const [, hexadecimal, decimal] = /^&#(?:x([\da-fA-F]{1,6})|(\d{1,7}));$/.exec(reference) ?? []
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
  const isCharacter =
    code === 9 || code === 10 || code === 13 || (code >= 32 && code < 0xd800) || (code > 0xdfff && code <= 0x10ffff)
  return isCharacter && code !== 0xfffe && code !== 0xffff ? String.fromCodePoint(code) : undefined
}
