import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../runtime/errors.ts'
import { parseElements } from './parse-elements.ts'
import { type ScanOptions, scanElements } from './scan-elements.ts'
import type { XmlElement } from './xml-element.ts'

async function* inChunks(text: string | Buffer, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

async function scan(text: string | Buffer, { size = 7, ...options }: Partial<ScanOptions> & { size?: number } = {}) {
  const found: XmlElement[] = []
  for await (const elements of scanElements(inChunks(text, size), { root: 'HealthData', ...options }))
    found.push(...elements)
  return found
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.facts['problem']}`
    throw error
  }
  return 'accepted'
}

describe('a file that is no export', () => {
  test.for([
    ['nothing', '', 'upload/not_an_export: the file holds no XML'],
    ['text', 'steps,42', 'upload/not_an_export: the file holds no XML'],
    ['another root', '<ClinicalDocument/>', 'upload/not_an_export: the file does not hold HealthData'],
    ['UTF-16', Buffer.from('\ufeff<HealthData/>', 'utf16le'), 'upload/not_an_export: the file is not UTF-8'],
    ['an end in the middle', '<HealthData><Record type="a"/>', 'upload/damaged: the file ends before its last element'],
    ['an end inside a tag', '<HealthData><Record type="a', 'upload/damaged: the file ends before its last element'],
    [
      'elements that cross',
      '<HealthData><a><b></a></b></HealthData>',
      'upload/damaged: an element is closed that is not open',
    ],
    ['a value without quotes', '<HealthData><a b=c/></HealthData>', 'upload/damaged: markup that is no XML'],
    ['a tag without a name', '<HealthData>< a="b"/></HealthData>', 'upload/damaged: markup that is no XML'],
    [
      'entities that expand',
      '<!DOCTYPE HealthData [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><HealthData><Record type="&b;"/></HealthData>',
      'upload/hostile: the document type defines entities',
    ],
    [
      'an entity from outside',
      '<!DOCTYPE HealthData [<!ENTITY x SYSTEM "file:///etc/passwd">]><HealthData/>',
      'upload/hostile: the document type defines entities',
    ],
    ['forty nested elements', `<HealthData>${'<a>'.repeat(40)}`, 'upload/hostile: elements nested too deeply'],
    [
      'a comment without end',
      `<HealthData><!--${'x'.repeat(1_100_000)}`,
      'upload/hostile: a comment or declaration of more than 1 MiB',
    ],
    [
      'a document type without end',
      `<!DOCTYPE HealthData [${'x'.repeat(1_100_000)}`,
      'upload/hostile: a document type of more than 1 MiB',
    ],
  ] as const)('is refused: %s', async ([, text, reason]) => {
    expect(await refusal(scan(text, { size: 64 * 1024 }))).toBe(reason)
  })
})

describe('a record that cannot be', () => {
  const export_ = (record: string) => `<HealthData>${record}<Record type="next"/></HealthData>`
  test.for([
    ['an entity nobody defined', '<Record type="&lol;"/>', 'type: an entity or character that does not exist'],
    ['half of a surrogate pair', '<Record type="&#xD800;"/>', 'type: an entity or character that does not exist'],
    ['a character beyond Unicode', '<Record type="&#x110000;"/>', 'type: an entity or character that does not exist'],
    ['NUL', '<Record type="&#0;"/>', 'type: an entity or character that does not exist'],
    ['an ampersand', '<Record type="a & b"/>', 'type: an entity or character that does not exist'],
  ] as const)('is refused alone: %s', async ([, record, problem]) => {
    expect(await scan(export_(record))).toEqual([
      { name: 'Record', attributes: {}, children: [], problem },
      { name: 'Record', attributes: { type: 'next' }, children: [] },
    ])
  })

  test('is refused alone when a value has 50 MB', async () => {
    async function* chunks() {
      yield Buffer.from('<HealthData><Record type="a" value="')
      for (let mebibyte = 0; mebibyte < 50; mebibyte += 1) yield Buffer.alloc(1024 * 1024, 'x')
      yield Buffer.from('" unit="c>m"/><Record type="next"/></HealthData>')
    }
    const found: XmlElement[] = []
    for await (const elements of scanElements(chunks(), { root: 'HealthData' })) found.push(...elements)
    expect(found.map(({ problem, attributes }) => problem ?? attributes['type'])).toEqual([
      'a value longer than is accepted',
      'next',
    ])
  })

  test('is refused alone when it holds more than an element may, with its children let go', async () => {
    const limits = { tagBytes: 1000, elementBytes: 500 }
    const workout = `<Workout type="w">${'<Location latitude="1"/>'.repeat(100)}</Workout>`
    expect(await scan(export_(workout), { limits })).toMatchObject([
      { name: 'Workout', children: [], problem: 'larger than is accepted' },
      { attributes: { type: 'next' } },
    ])
  })
})

describe("Apple's own faults", () => {
  test.for([
    [
      'a document type that does not parse (iOS 16)',
      '<!DOCTYPE HealthData [\n<!-- ]> 12 -->\n<!ELEMENT VisionPrescription (RightEye?\n<!ATTLIST x y CDATA #REQUIRED\n]>\n<HealthData><R a="1"/></HealthData>',
    ],
    ['U+000B between and in things', '<HealthData>\u000b<R\u000b a="1\u000b"/></HealthData>'],
    ['a byte order mark', '\ufeff<HealthData><R a="1"/></HealthData>'],
    ['no document type, single quotes, spaces', "<?xml version='1.0'?>\n<HealthData >\n<R a = '1' ></R ></HealthData>"],
    ['an attribute twice', '<HealthData><R a="1" a="2"/></HealthData>'],
  ] as const)('are read: %s', async ([, text]) => {
    expect(await scan(text)).toEqual([{ name: 'R', attributes: { a: '1' }, children: [] }])
  })

  test('the second startDate of iOS 16 is the end', async () => {
    const [element] = await scan('<HealthData><S startDate="1" startDate="2"/></HealthData>')
    expect(element?.attributes).toEqual({ startDate: '1', endDate: '2' })
  })
})

const text = fc.stringMatching(/^[ -~\u00a0-\ud7ff\ue000-\ufffd]{0,12}$/)
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,8}$/)
const element: fc.Arbitrary<XmlElement> = fc.letrec<{ element: XmlElement }>((tie) => ({
  element: fc.record({
    name,
    attributes: fc.dictionary(name, text, { maxKeys: 4, noNullPrototype: true }),
    children: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('element'), { maxLength: 3 })),
  }),
})).element

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '>': '&gt;',
  "'": '&#39;',
}
const escape = (value: string) => value.replace(/[&<"]/g, (character) => escapes[character]!)

function write({ name: tag, attributes, children }: XmlElement): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`)
  const head = `<${tag}${written.join('')}`
  return children.length === 0 ? `${head}/>` : `${head}>\n${children.map(write).join('<!-- " -->')}</${tag}>`
}

const withoutText = ({ name: tag, attributes, children }: XmlElement): XmlElement => ({
  name: tag,
  attributes,
  children: children.map(withoutText),
})

test('the scanner reads what a conforming parser reads, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(element, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), async (children, size) => {
      const document = write({
        name: 'HealthData',
        attributes: { locale: 'en' },
        children: children.length === 0 ? [] : children,
      })
      const parsed = await parseElements(inChunks(document, size))
      expect(await scan(document, { size })).toEqual(parsed.children.map(withoutText))
    }),
    { numRuns: 300 },
  )
})
