import { SaxesParser } from 'saxes'

/** name, least, most; a leaf's text has to match. */
type Child = readonly [name: string, least: 0 | 1, most: number]
type Content = readonly Child[] | RegExp

const DECIMAL = /^-?\d+(\.\d+)?(e[+-]\d+)?$/
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const HEART_RATE = [['Value', 1, 1]] as const
const upTo = (most: number, least = 0) => ({ least, most })

/** The part of TrainingCenterDatabasev2.xsd and ActivityExtensionv2.xsd that a record of activities may use; written down by hand. */
const CONTENT: Readonly<Record<string, Content>> = {
  TrainingCenterDatabase: [['Activities', 0, 1]],
  Activities: [['Activity', 0, Infinity]],
  Activity: [
    ['Id', 1, 1],
    ['Lap', 1, Infinity],
    ['Notes', 0, 1],
  ],
  Id: MOMENT,
  Notes: /[^]*/,
  Lap: [
    ['TotalTimeSeconds', 1, 1],
    ['DistanceMeters', 1, 1],
    ['MaximumSpeed', 0, 1],
    ['Calories', 1, 1],
    ['AverageHeartRateBpm', 0, 1],
    ['MaximumHeartRateBpm', 0, 1],
    ['Intensity', 1, 1],
    ['Cadence', 0, 1],
    ['TriggerMethod', 1, 1],
    ['Track', 0, Infinity],
  ],
  TotalTimeSeconds: DECIMAL,
  DistanceMeters: DECIMAL,
  MaximumSpeed: DECIMAL,
  Calories: /^\d{1,5}$/,
  AverageHeartRateBpm: HEART_RATE,
  MaximumHeartRateBpm: HEART_RATE,
  HeartRateBpm: HEART_RATE,
  Value: /^\d{1,3}$/,
  Intensity: /^(Active|Resting)$/,
  TriggerMethod: /^(Manual|Distance|Location|Time|HeartRate)$/,
  Track: [['Trackpoint', 1, Infinity]],
  Trackpoint: [
    ['Time', 1, 1],
    ['Position', 0, 1],
    ['AltitudeMeters', 0, 1],
    ['DistanceMeters', 0, 1],
    ['HeartRateBpm', 0, 1],
    ['Cadence', 0, 1],
    ['SensorState', 0, 1],
    ['Extensions', 0, 1],
  ],
  Time: MOMENT,
  AltitudeMeters: DECIMAL,
  Cadence: /^\d{1,3}$/,
  Extensions: [['TPX', 1, 1]],
  TPX: [
    ['Speed', 0, 1],
    ['RunCadence', 0, 1],
    ['Watts', 0, 1],
  ],
  Speed: DECIMAL,
  RunCadence: /^\d{1,3}$/,
  Watts: /^\d{1,5}$/,
}
const RANGES: Readonly<Record<string, { least: number; most: number }>> = {
  Value: upTo(255, 1),
  Calories: upTo(65_535),
  Cadence: upTo(254),
  RunCadence: upTo(254),
  Watts: upTo(65_535),
}
const EXTENSION = ['TPX', 'Speed', 'RunCadence', 'Watts']

export interface TcxElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly TcxElement[]
  readonly text: string
}

/** Reads a file and holds every element to the schema; throws with what is wrong. */
export function parseTcx(xml: string): TcxElement {
  const root = parse(xml)
  if (root.name !== 'TrainingCenterDatabase') throw new Error(`a ${root.name}`)
  check(root)
  return root
}

function parse(xml: string): TcxElement {
  type Open = TcxElement & { readonly children: TcxElement[]; text: string }
  const open: Open[] = [{ name: '', attributes: {}, children: [], text: '' }]
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ local, uri, attributes }) => {
    const schema = EXTENSION.includes(local) ? 'ActivityExtension' : 'TrainingCenterDatabase'
    if (uri !== `http://www.garmin.com/xmlschemas/${schema}/v2`) throw new Error(`${local} of ${uri}`)
    const values = Object.entries(attributes).map(([name, { value }]) => [name, value])
    const element = { name: local, attributes: Object.fromEntries(values), children: [], text: '' }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  })
  parser.on('closetag', () => void open.pop())
  parser.write(xml).close()
  const [root] = open[0]?.children ?? []
  if (root === undefined) throw new Error('no element')
  return root
}

function check(element: TcxElement): void {
  const content = CONTENT[element.name]
  if (content === undefined) throw new Error(`${element.name} is not in the schema`)
  if (content instanceof RegExp) checkLeaf(element, content)
  else checkChildren(element, content)
  if (element.name === 'Activity' && !/^(Running|Biking|Other)$/.test(element.attributes['Sport'] ?? ''))
    throw new Error('Activity without a Sport')
  if (element.name === 'Lap' && !MOMENT.test(element.attributes['StartTime'] ?? ''))
    throw new Error('Lap without a StartTime')
}

function checkLeaf({ name, text, children }: TcxElement, form: RegExp): void {
  const { least, most } = RANGES[name] ?? { least: -Infinity, most: Infinity }
  const isInRange = !(name in RANGES) || (Number(text) >= least && Number(text) <= most)
  if (children.length > 0 || !form.test(text) || !isInRange) throw new Error(`${name}: ${text}`)
}

function checkChildren({ name, children, text }: TcxElement, content: readonly Child[]): void {
  if (text.trim() !== '') throw new Error(`${name} with text`)
  let at = 0
  for (const [child, least, most] of content) {
    let seen = 0
    while (children[at]?.name === child && seen < most) {
      at += 1
      seen += 1
    }
    if (seen < least) throw new Error(`${name} without ${child}`)
  }
  const stray = children[at]
  if (stray !== undefined) throw new Error(`${stray.name} has no place there in ${name}`)
  children.forEach(check)
}
