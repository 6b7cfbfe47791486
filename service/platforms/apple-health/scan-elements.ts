import { AppError } from '../../runtime/errors.ts'
import { readStartTag, type StartTag } from './read-tag.ts'
import { DEEPEST, XML_LIMITS, type XmlElement, type XmlLimits } from './xml-element.ts'

interface OpenElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  problem: string | undefined
}

interface Scan {
  readonly limits: XmlLimits
  text: string
  at: number
  /** What `text` starts at, in bytes of the file. */
  offset: number
  readonly open: OpenElement[]
  /** Where in the file the element below the root began. */
  elementStart: number
  /** Inside a tag too long to keep: the quote that is open in it, or none. */
  skipping: { quote: string; last: string } | undefined
  started: boolean
  ended: boolean
  readonly found: XmlElement[]
}

export interface ScanOptions {
  /** The root's name; another is refused. */
  readonly root: string
  readonly limits?: XmlLimits
}

const DOCUMENT_TYPE_BYTES = 1024 * 1024

/**
 * The elements below the root, in order and in lists of those that became complete together. Reads the part of XML that Apple writes and
 * its faults (document types that do not parse, U+000B, a second `startDate`), several times faster than a conforming parser, with which
 * tests compare it. No entity is ever expanded. Throws upload/not_an_export, upload/damaged (markup, or the file ends too early),
 * upload/hostile.
 */
export async function* scanElements(
  chunks: AsyncIterable<Buffer>,
  { root, limits = XML_LIMITS }: ScanOptions,
): AsyncGenerator<XmlElement[]> {
  const scan: Scan = {
    limits,
    text: '',
    at: 0,
    offset: 0,
    open: [],
    elementStart: 0,
    skipping: undefined,
    started: false,
    ended: false,
    found: [],
  }
  for await (const chunk of chunks) {
    push(scan, chunk, root)
    if (scan.found.length > 0) yield scan.found.splice(0)
  }
  if (!scan.started) throw new AppError('upload/not_an_export', { problem: 'the file holds no XML' })
  if (!scan.ended) throw new AppError('upload/damaged', { problem: 'the file ends before its last element' })
}

function push(scan: Scan, chunk: Buffer, root: string): void {
  scan.offset += scan.at
  scan.text = scan.text.slice(scan.at) + decode(chunk, scan)
  scan.at = 0
  if (scan.skipping !== undefined && !skipTag(scan)) return
  while (!scan.ended && readNext(scan, root)) {
    if (scan.skipping !== undefined && !skipTag(scan)) return
  }
}

function decode(chunk: Buffer, scan: Scan): string {
  const isFirst = scan.offset === 0 && scan.text === ''
  if (isFirst && (chunk[0] === 0xfe || chunk[0] === 0xff || chunk[1] === 0))
    throw new AppError('upload/not_an_export', { problem: 'the file is not UTF-8' })
  const hasMark = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf
  return chunk.toString('latin1', hasMark ? 3 : 0)
}

/** Reads one piece of markup. False: the rest of it has not arrived. */
function readNext(scan: Scan, root: string): boolean {
  const start = scan.text.indexOf('<', scan.at)
  if (start === -1) {
    scan.at = scan.text.length
    return false
  }
  scan.at = start
  switch (scan.text.charCodeAt(start + 1)) {
    case 63: // ?
      return skipTo(scan, '?>')
    case 33: // !
      return skipDeclaration(scan)
    case 47: // /
      return closeElement(scan)
    default:
      return openElement(scan, root)
  }
}

function skipTo(scan: Scan, ending: string): boolean {
  const end = scan.text.indexOf(ending, scan.at)
  if (end === -1) {
    if (scan.text.length - scan.at > DOCUMENT_TYPE_BYTES)
      throw new AppError('upload/hostile', { problem: 'a comment or declaration of more than 1 MiB' })
    return false
  }
  scan.at = end + ending.length
  return true
}

function skipDeclaration(scan: Scan): boolean {
  const head = scan.text.slice(scan.at, scan.at + 9)
  if (head.startsWith('<!--')) return skipTo(scan, '-->')
  if (head.startsWith('<![CDATA[')) return skipTo(scan, ']]>')
  if (head.length < 9) return false
  if (head !== '<!DOCTYPE') throw new AppError('upload/damaged', { problem: 'markup that is no XML' })
  return skipDocumentType(scan)
}

/** Apple's own document types do not parse (iOS 16), so only their end is looked for. One that defines entities is nobody's export. */
function skipDocumentType(scan: Scan): boolean {
  // An end inside a comment is none, and a comment may go on in the next chunk.
  const whole = scan.text.slice(scan.at).replace(/<!--[^]*?-->/g, (comment) => ' '.repeat(comment.length))
  const [text = ''] = whole.split('<!--', 1)
  const close = text.indexOf('>')
  const bracket = text.indexOf('[')
  const hasSubset = bracket !== -1 && (close === -1 || bracket < close)
  const end = hasSubset ? /\]\s*>/.exec(text) : close === -1 ? null : { index: close, 0: '>' }
  const seen = end === null ? text : text.slice(0, end.index)
  if (/<!ENTITY/i.test(seen)) throw new AppError('upload/hostile', { problem: 'the document type defines entities' })
  if (end === null) {
    if (whole.length > DOCUMENT_TYPE_BYTES)
      throw new AppError('upload/hostile', { problem: 'a document type of more than 1 MiB' })
    return false
  }
  scan.at += end.index + end[0].length
  return true
}

function closeElement(scan: Scan): boolean {
  const end = scan.text.indexOf('>', scan.at)
  if (end === -1) return false
  const name = scan.text.slice(scan.at + 2, end).trimEnd()
  scan.at = end + 1
  const element = scan.open.pop()
  if (element === undefined || element.name !== name)
    throw new AppError('upload/damaged', { problem: 'an element is closed that is not open' })
  if (scan.open.length === 0) scan.ended = true
  else attach(scan, element)
  return true
}

function openElement(scan: Scan, root: string): boolean {
  const tag = readStartTag(scan.text, scan.at)
  if (tag === 'malformed') throw new AppError('upload/damaged', { problem: 'markup that is no XML' })
  if (tag === undefined) return scan.text.length - scan.at > scan.limits.tagBytes ? startSkipping(scan, root) : false
  const position = scan.offset + scan.at
  scan.at = tag.end
  begin(scan, { tag, position, root })
  return true
}

function begin(scan: Scan, { tag, position, root }: { tag: StartTag; position: number; root: string }): void {
  const { name, attributes, closed, problem } = tag
  if (scan.open.length === 0 && name !== root)
    throw new AppError('upload/not_an_export', { problem: `the file does not hold ${root}` })
  if (scan.open.length >= DEEPEST) throw new AppError('upload/hostile', { problem: 'elements nested too deeply' })
  if (scan.open.length === 1) scan.elementStart = position
  scan.started = true
  const element: OpenElement = { name, attributes, children: [], problem }
  if (!closed) scan.open.push(element)
  else if (scan.open.length === 0) scan.ended = true
  else attach(scan, element)
}

/** A complete element goes to its parent; below the root it is found. What grew too large is refused, and no longer kept. */
function attach(scan: Scan, { name, attributes, children, problem }: OpenElement): void {
  const element: XmlElement =
    problem === undefined ? { name, attributes, children } : { name, attributes, children, problem }
  const parent = scan.open.at(-1)
  if (scan.open.length === 1 || parent === undefined) {
    scan.found.push(element)
    return
  }
  const top = scan.open[1] ?? parent
  if (problem !== undefined) top.problem ??= problem
  if (scan.offset + scan.at - scan.elementStart > scan.limits.elementBytes) {
    top.problem ??= 'larger than is accepted'
    top.children.length = 0
  }
  if (top.problem === undefined) parent.children.push(element)
}

/** A tag that is too long is let by, byte for byte, and its element refused. */
function startSkipping(scan: Scan, root: string): boolean {
  const [, name = ''] = /^<([^\s/>]{1,256})/.exec(scan.text.slice(scan.at, scan.at + 300)) ?? []
  const tag = { name, attributes: {}, closed: false, end: 0, problem: 'a value longer than is accepted' }
  begin(scan, { tag, position: scan.offset + scan.at, root })
  scan.at += name.length + 1
  scan.skipping = { quote: '', last: '' }
  return true
}

/** False: the tag goes on in the next chunk. */
function skipTag(scan: Scan): boolean {
  const state = scan.skipping
  if (state === undefined) return true
  while (scan.at < scan.text.length) {
    if (state.quote !== '') {
      const end = scan.text.indexOf(state.quote, scan.at)
      scan.at = end === -1 ? scan.text.length : end + 1
      if (end === -1) break
      state.quote = ''
      state.last = '"'
      continue
    }
    const character = scan.text[scan.at] ?? ''
    scan.at += 1
    if (character === '"' || character === "'") state.quote = character
    if (character === '>') return endSkipping(scan, state.last === '/')
    state.last = character
  }
  return false
}

function endSkipping(scan: Scan, closed: boolean): boolean {
  scan.skipping = undefined
  if (!closed) return true
  const element = scan.open.pop()
  if (scan.open.length === 0) scan.ended = true
  else if (element !== undefined) attach(scan, element)
  return true
}
