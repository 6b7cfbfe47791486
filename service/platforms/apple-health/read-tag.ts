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
  const nameEnd = skipName(text, from + 1)
  if (nameEnd >= text.length) return undefined
  if (nameEnd === from + 1) return 'malformed'
  const tag = { name: text.slice(from + 1, nameEnd), attributes: {}, closed: false, end: nameEnd, problem: undefined }
  return readAttributes(text, tag)
}

/** `end` moves on from attribute to attribute: an export has a hundred million of them, too many to make an object of each. */
function readAttributes(text: string, tag: OpenTag): StartTag | 'malformed' | undefined {
  for (;;) {
    const at = skipSpace(text, tag.end)
    if (at >= text.length) return undefined
    const code = text.charCodeAt(at)
    if (code === GREATER || code === SLASH) return endTag(text, at, tag)
    tag.end = at
    const problem = readAttribute(text, tag)
    if (problem !== 'read') return problem
  }
}

type OpenTag = { -readonly [Key in keyof StartTag]: StartTag[Key] }

function endTag(text: string, at: number, tag: OpenTag): StartTag | 'malformed' | undefined {
  tag.closed = text.charCodeAt(at) === SLASH
  tag.end = tag.closed ? at + 2 : at + 1
  if (!tag.closed) return tag
  if (at + 1 >= text.length) return undefined
  return text.charCodeAt(at + 1) === GREATER ? tag : 'malformed'
}

/** Undefined: it does not end within the text. */
function readAttribute(text: string, tag: OpenTag): 'read' | 'malformed' | undefined {
  const nameEnd = skipName(text, tag.end)
  if (nameEnd === tag.end) return 'malformed'
  const equals = skipSpace(text, nameEnd)
  if (equals >= text.length) return undefined
  if (text.charCodeAt(equals) !== EQUALS) return 'malformed'
  const start = skipSpace(text, equals + 1)
  if (start >= text.length) return undefined
  const quote = text[start]
  if (quote !== '"' && quote !== "'") return 'malformed'
  const end = text.indexOf(quote, start + 1)
  if (end === -1) return undefined
  const name = text.slice(tag.end, nameEnd)
  const value = decodeValue(text.slice(start + 1, end))
  if (value === undefined) tag.problem ??= `${name}: an entity or character that does not exist`
  else keep(tag.attributes, name, value)
  tag.end = end + 1
  return 'read'
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

/** Values that had to be decoded. An export names the same few sources and devices in each of its millions of records. */
const decoded = new Map<string, string>()
const MOST_DECODED = 200
const LONGEST_DECODED = 400

/** The value's characters; undefined when it names an entity or a character that XML does not have: nothing is ever expanded. */
export function decodeValue(latin1: string): string | undefined {
  if (!NEEDS_DECODING.test(latin1)) return latin1
  if (latin1.length > LONGEST_DECODED) return decode(latin1)
  const known = decoded.get(latin1)
  if (known !== undefined) return known
  const value = decode(latin1)
  if (decoded.size >= MOST_DECODED) decoded.clear()
  // A copy: what was cut out of a text keeps all of the text.
  if (value !== undefined) decoded.set(Buffer.from(latin1, 'latin1').toString('latin1'), value)
  return value
}

function decode(latin1: string): string | undefined {
  const text = Buffer.from(latin1, 'latin1')
    .toString('utf8')
    .replace(ILLEGAL, '')
    .replace(/[\t\n\r]/g, ' ')
  if (!text.includes('&')) return text
  let unknown = false
  const characters = text.replace(REFERENCE, (reference) => {
    const character = NAMED[reference.slice(1, -1)] ?? fromNumber(reference)
    if (character === undefined) unknown = true
    return character ?? ''
  })
  return unknown ? undefined : characters
}

/** Half of a surrogate pair is no character, nor is what lies beyond Unicode. */
function fromNumber(reference: string): string | undefined {
  const [, hexadecimal, decimal] = /^&#(?:x([\da-fA-F]{1,6})|(\d{1,7}));$/.exec(reference) ?? []
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
  const isCharacter =
    code === 9 || code === 10 || code === 13 || (code >= 32 && code < 0xd800) || (code > 0xdfff && code <= 0x10ffff)
  return isCharacter && code !== 0xfffe && code !== 0xffff ? String.fromCodePoint(code) : undefined
}
