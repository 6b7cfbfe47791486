import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import yazl from 'yazl'
import { AppError } from '../../runtime/errors.ts'
import type { UploadedFile, UploadedPayload } from '../contract.ts'
import { readFile } from './upload.ts'

const RECORD =
  '<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Ada’s iPhone" unit="count" startDate="2024-03-01 08:00:00 +0100" endDate="2024-03-01 08:10:00 +0100" value="42"/>'
const EXPORT = `<HealthData locale="de_DE"><ExportDate value="2024-03-02 09:00:00 +0100"/>${RECORD}</HealthData>`
const RECORDS = {
  dataType: 'export_records',
  payload: {
    records: [
      {
        type: 'HKQuantityTypeIdentifierStepCount',
        sourceName: 'Ada’s iPhone',
        unit: 'count',
        startDate: '2024-03-01 08:00:00 +0100',
        endDate: '2024-03-01 08:10:00 +0100',
        value: '42',
      },
    ],
  },
  records: 1,
  observedAt: new Date('2024-03-02T08:00:00Z'),
}

const asFile = (bytes: Buffer): UploadedFile => ({
  size: bytes.length,
  read: async (position, length) => bytes.subarray(position, position + length),
})

type Files = Readonly<Record<string, string | Buffer>>

async function zip(files: Files, options: Partial<yazl.Options> = {}): Promise<Buffer> {
  const file = new yazl.ZipFile()
  for (const [name, content] of Object.entries(files)) file.addBuffer(Buffer.from(content), name, options)
  file.end()
  return buffer(file.outputStream)
}

async function read(bytes: Buffer, maxUnpackedBytes = 1e9): Promise<UploadedPayload[]> {
  const payloads: UploadedPayload[] = []
  for await (const payload of readFile(asFile(bytes), { maxUnpackedBytes })) payloads.push(payload)
  return payloads
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.facts['problem']].filter(Boolean).join(': ')
    throw error
  }
  return 'accepted'
}

/** The same name everywhere in the zip becomes another of the same length. */
function rename(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1')
}

describe('a file that is refused', () => {
  test.for([
    ['nothing', async () => Buffer.alloc(0), 'upload/not_an_export: the file is empty'],
    ['JSON', async () => Buffer.from('{"data":{}}'), 'upload/not_an_export: it is neither a zip nor XML'],
    [
      'a zip without an export',
      () => zip({ 'a.txt': 'x' }),
      'upload/not_an_export: the zip holds no XML with HealthData',
    ],
    [
      'half a zip',
      async () => (await zip({ 'export.xml': EXPORT })).subarray(0, 150),
      'upload/damaged: the zip cannot be read',
    ],
    [
      'a zip with a wrong byte',
      async () => flip(await zip({ 'export.xml': EXPORT }, { compress: true }), 60),
      /^upload\/damaged: /,
    ],
    [
      'a name with ..',
      async () => rename(await zip({ 'aaaexport.xml': EXPORT }), 'aaaexport', '../export'),
      'upload/hostile: a name in the zip points outside of it',
    ],
    [
      'an absolute name',
      async () => rename(await zip({ 'aexport.xml': EXPORT }), 'aexport', '/export'),
      'upload/hostile: a name in the zip points outside of it',
    ],
    ['a password', async () => encrypt(await zip({ 'export.xml': EXPORT })), 'upload/encrypted'],
    [
      'a bomb',
      () => zip({ 'export.xml': `<HealthData>${' '.repeat(40_000_000)}</HealthData>` }),
      'upload/hostile: the zip unpacks to far more than any export does',
    ],
    [
      'a zip within a zip',
      async () => zip({ 'export.zip': await zip({ 'export.xml': EXPORT }) }),
      'upload/not_an_export: the zip holds no XML with HealthData',
    ],
    [
      'a size that is not the true one',
      async () => resize(await zip({ 'export.xml': EXPORT }, { compress: true })),
      'upload/damaged: the zip cannot be read',
    ],
    [
      'an export cut in the middle',
      async () => Buffer.from(EXPORT.slice(0, -13)),
      'upload/damaged: the file ends before its last element',
    ],
  ] as const)('%s', async ([, make, reason]) => {
    expect(await refusal(read(await make()))).toMatch(reason)
  })

  test('a zip that unpacks to more than is accepted', async () => {
    expect(await refusal(read(await zip({ 'export.xml': EXPORT, 'other.bin': Buffer.alloc(2000) }), 1000))).toBe(
      'upload/too_large: unpacked, it is larger than is accepted',
    )
  })
})

describe('an export', () => {
  test('as XML, or as the largest XML of a zip that begins as one, whatever its name', async () => {
    const expected = [expect.objectContaining(RECORDS), expect.objectContaining({ dataType: 'export_end' })]
    expect(await read(Buffer.from(EXPORT))).toEqual(expected)
    const files = {
      'apple_health_export/导出.xml': EXPORT,
      'apple_health_export/export_cda.xml': `<ClinicalDocument>${'x'.repeat(5000)}</ClinicalDocument>`,
    }
    expect(await read(await zip(files))).toEqual(expected)
    expect(await read(await zip({ 'Export.XML': EXPORT }, { forceZip64Format: true }))).toEqual(expected)
  })

  test('says at its end what it told', async () => {
    expect((await read(Buffer.from(EXPORT))).at(-1)).toEqual({
      dataType: 'export_end',
      payload: {
        told: [
          {
            type: 'HKQuantityTypeIdentifierStepCount',
            count: 1,
            first: '2024-03-01T07:00:00.000Z',
            last: '2024-03-01T07:00:00.000Z',
          },
        ],
      },
      records: 0,
      observedAt: new Date('2024-03-02T08:00:00Z'),
      progress: 1,
    })
  })

  const workout = (path: string) =>
    `<HealthData><Workout workoutActivityType="HKWorkoutActivityTypeRunning"><WorkoutRoute><FileReference path="${path}"/></WorkoutRoute></Workout></HealthData>`
  const routes = async (files: Files) => {
    const payloads = await read(await zip(files))
    return (payloads[0]!.payload as { workout: { routes: unknown[] } }).workout.routes
  }

  test('finds the points of a route by the last part of its path', async () => {
    const gpx =
      '<gpx><trk><trkseg><trkpt lat="1.5" lon="2.5"><ele>3.5</ele><time>2024-03-01T07:00:00Z</time><extensions><speed>1.2</speed></extensions></trkpt></trkseg></trk></gpx>'
    const path = '/workout-routes/route_2024-03-01_8.00am.gpx'
    expect(await routes({ 'x/export.xml': workout(path), 'x/rutas/Route_2024-03-01_8.00am.gpx': gpx })).toEqual([
      {
        path,
        points: [{ latitude: '1.5', longitude: '2.5', altitude: '3.5', time: '2024-03-01T07:00:00Z', speed: '1.2' }],
      },
    ])
  })

  test.for([
    ['is not there', {}, 'its file is not in the upload'],
    ['is no XML', { 'r.gpx': '<gpx>' }, 'its file cannot be read (upload/damaged)'],
    [
      'defines entities',
      { 'r.gpx': '<!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>' },
      'its file cannot be read (upload/hostile)',
    ],
  ] as const)('keeps a workout whose route %s', async ([, files, problem]) => {
    expect(await routes({ 'export.xml': workout('/workout-routes/r.gpx'), ...files })).toEqual([
      { path: '/workout-routes/r.gpx', problem },
    ])
  })

  test('is cut into the same payloads each time, and records of one time stay together', async () => {
    const at = (second: number) =>
      `2024-03-01 08:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0100`
    const records = Array.from({ length: 1_503 }, (_, index) => {
      const start = at(index >= 998 && index < 1_003 ? 998 : index)
      return `<Record type="HKQuantityTypeIdentifierStepCount" sourceName="a" unit="count" startDate="${start}" endDate="${start}" value="${index}"/>`
    })
    const bytes = Buffer.from(`<HealthData>${records.join('')}</HealthData>`)
    const sizes = (await read(bytes)).map((payload) => payload.records)
    expect(sizes).toEqual([1_003, 500, 0])
    expect(await read(bytes)).toEqual(await read(bytes))
  })

  test('keeps the stages of a night together, however far apart they stand', async () => {
    const stage = (source: string, hour: number) =>
      `<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="${source}" startDate="2024-03-01 0${hour}:00:00 +0100" endDate="2024-03-01 0${hour + 1}:00:00 +0100" value="HKCategoryValueSleepAnalysisAsleepCore"/>`
    const text = `<HealthData>${stage('Watch', 2)}${RECORD.repeat(1_200)}${stage('Watch', 1)}</HealthData>`
    const sleep = (await read(Buffer.from(text))).filter(({ dataType }) => dataType === 'export_sleep')
    expect(sleep.map(({ records }) => records)).toEqual([2])
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
  return bytes
}

/** Says in the directory at the end that a file is a byte longer than it is. */
function resize(bytes: Buffer): Buffer {
  const entry = bytes.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'))
  bytes.writeUInt32LE(bytes.readUInt32LE(entry + 24) + 1, entry + 24)
  return bytes
}

/** The bit that says that a file is encrypted, in its entry of the directory at the end. */
function encrypt(bytes: Buffer): Buffer {
  const entry = bytes.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'))
  bytes[entry + 8] = (bytes[entry + 8] ?? 0) | 1
  return bytes
}
