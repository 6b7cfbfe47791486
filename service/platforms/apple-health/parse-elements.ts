import { SaxesParser } from 'saxes'
import { AppError } from '../../runtime/errors.ts'
import { DEEPEST, XML_LIMITS, type XmlElement } from './xml-element.ts'

interface OpenElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  text: string
}

/** An element with the text that stands in it. */
export interface TextElement extends XmlElement {
  readonly text: string
}

/**
 * A small document as a conforming parser reads it: the routes beside an export, and the reference that the fast scanner is compared
 * with. Entities other than XML's own five are an error, so nothing expands. Throws upload/damaged, upload/hostile.
 */
export async function parseElements(chunks: AsyncIterable<Buffer | string>): Promise<TextElement> {
  const parser = new SaxesParser()
  const open: OpenElement[] = []
  let root: TextElement | undefined
  parser.on('error', (cause) => {
    throw new AppError('upload/damaged', { problem: 'not well-formed XML' }, { cause })
  })
  parser.on('doctype', (doctype) => {
    if (/<!ENTITY/i.test(doctype))
      throw new AppError('upload/hostile', { problem: 'the document type defines entities' })
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length >= DEEPEST) throw new AppError('upload/hostile', { problem: 'elements nested too deeply' })
    open.push({ name, attributes: { ...attributes }, children: [], text: '' })
  })
  parser.on('text', (text) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  })
  parser.on('closetag', () => {
    const element = open.pop()
    if (element === undefined) return
    const parent = open.at(-1)
    if (parent === undefined) root = element
    else parent.children.push(element)
  })
  await feed(parser, chunks)
  if (root === undefined) throw new AppError('upload/damaged', { problem: 'not well-formed XML' })
  return root
}

async function feed(parser: SaxesParser, chunks: AsyncIterable<Buffer | string>): Promise<void> {
  const decoder = new TextDecoder()
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > XML_LIMITS.elementBytes)
      throw new AppError('upload/too_large', { problem: 'a document inside the file' })
    parser.write(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
  }
  parser.close()
}
