import { createHash } from 'node:crypto'
import { AppError } from '../../runtime/errors.ts'
import type { ActivityLapRecord, ActivityRecord, Records, RejectedRecord } from '../records.ts'
import { type FitMessage, readFit } from './fit.ts'
import { ItemReader, localDayAt } from './item-reader.ts'
import { canonicalSport, isIndoor } from './sports.ts'
import { buildStreams, STREAMS } from './streams.ts'

type Facts = Readonly<Record<string, unknown>>

/** What is stored of a file: its bytes as text, beside what the ping said of it. */
export function wrapActivityFile(bytes: Buffer, facts: Facts): Record<string, unknown> {
  return { ...facts, contentBase64: bytes.toString('base64') }
}

/**
 * A recorded file: one activity with its series and laps, or the whole and the legs of a multisport event. Garmin's other kinds of file
 * (TCX, GPX) hold the same activity, which its summary and details have already told. Throws platform/unexpected_payload.
 */
export function normalizeActivityFile(payload: unknown, metadata: Facts): Records {
  const file = payload as Facts | null
  const content = typeof file === 'object' ? file?.['contentBase64'] : undefined
  if (typeof content !== 'string') throw unexpected('no_content')
  const { fileType } = file as Facts
  if (fileType !== undefined && fileType !== 'FIT') throw unexpected('not_a_fit_file')
  const bytes = Buffer.from(content, 'base64')
  const fit = readFit(bytes)
  if (fit === 'not_fit') throw unexpected('not_a_fit_file')
  const rejected: RejectedRecord[] = fit.complete
    ? []
    : [{ position: 1, reason: 'file: damaged or cut short; what could be read was kept' }]
  if (fit.sessions.length === 0 && fit.records.length === 0)
    return { rejected: [...rejected, { position: 0, reason: `file: of type ${fit.type}, which holds no activity` }] }
  const facts = new ItemReader({ ...metadataIds(metadata), ...file })
  const known = facts.id('activityId') ?? facts.id('summaryId')
  const sourceId = known ?? `fit:${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`
  const sessions = fit.sessions.length > 0 ? fit.sessions : [sessionOf(fit.records)]
  const offsetS = fit.offsetS ?? null
  const first = sessions[0] ?? {}
  const startS = secondsOf(first['startTime']) ?? secondsOf(fit.records[0]?.['timestamp'])
  if (startS === undefined) return { rejected: [...rejected, { position: 0, reason: 'file: no start' }] }
  return {
    activities: readActivities(sessions, { sourceId, offsetS, facts, isKnown: known !== undefined }),
    activityStreams: buildStreams(sourceId, { startS, points: fit.records.flatMap(readPoint) }),
    activityLaps: fit.laps.flatMap((lap, index) => readLap(lap, { sourceId, lapNumber: index + 1 })),
    rejected,
  }
}

const metadataIds = ({ source_id: activityId }: Facts): Facts => (activityId === undefined ? {} : { activityId })

function unexpected(problem: string): AppError {
  return new AppError('platform/unexpected_payload', { data_type: 'activityFiles', problem })
}

/** A file that broke off has no session: what its records tell stands in for it. */
function sessionOf(records: readonly FitMessage[]): FitMessage {
  const times = records.flatMap(({ timestamp }) => secondsOf(timestamp) ?? [])
  const distances = records.flatMap(({ distance }) => (typeof distance === 'number' ? [distance] : []))
  const elapsed = times.length === 0 ? undefined : Math.max(...times) - Math.min(...times)
  return {
    startTime: records[0]?.['timestamp'],
    totalElapsedTime: elapsed,
    ...(distances.length === 0 ? {} : { totalDistance: Math.max(...distances) }),
  }
}

interface Common {
  readonly sourceId: string
  readonly offsetS: number | null
  readonly facts: ItemReader
  /** Garmin tells each leg of a multisport event by a summary of its own. */
  readonly isKnown: boolean
}

function readActivities(sessions: readonly FitMessage[], common: Common): ActivityRecord[] {
  const [only] = sessions
  if (sessions.length === 1 && only !== undefined) return readSession(only, common)
  if (common.isKnown) return []
  const legs = sessions.flatMap((session, index) =>
    readSession(session, { ...common, sourceId: `${common.sourceId}:${index + 1}` }),
  )
  const whole = readSession(wholeOf(sessions), common).map((activity) => ({
    ...activity,
    sport: 'workout',
    sourceSport: 'MULTI_SPORT',
    counted: false,
  }))
  return [...whole, ...legs.map((leg) => ({ ...leg, parentSourceId: common.sourceId }))]
}

function wholeOf(sessions: readonly FitMessage[]): FitMessage {
  const sum = (field: string) => sessions.reduce((total, session) => total + (numberOf(session[field]) ?? 0), 0)
  const fields = ['totalElapsedTime', 'totalTimerTime', 'totalDistance', 'totalCalories', 'totalAscent']
  return { startTime: sessions[0]?.['startTime'], ...Object.fromEntries(fields.map((field) => [field, sum(field)])) }
}

function readSession(session: FitMessage, { sourceId, offsetS, facts }: Common): ActivityRecord[] {
  const startS = secondsOf(session['startTime'])
  if (startS === undefined) return []
  const words = [session['subSport'], session['sport']].filter((word) => typeof word === 'string' && word !== 'generic')
  const sourceSport = facts.text('activityType') ?? (words.join('_') || 'generic')
  const elapsed = numberOf(session['totalElapsedTime'])
  return [
    {
      sourceId,
      sport: canonicalSport(snake(sourceSport)),
      sourceSport,
      name: facts.text('activityName') ?? null,
      ...localDayAt(startS, { offsetS }),
      startedAt: new Date(startS * 1000),
      endedAt: elapsed === null ? null : new Date((startS + elapsed) * 1000),
      startOffsetSeconds: offsetS,
      timeZone: null,
      startTimeHidden: false,
      ...readMeasures(session),
      manual: facts.flag('manual'),
      indoor: isIndoor(snake(sourceSport)),
      hasRoute: typeof session['startPositionLat'] === 'number',
      private: false,
      deviceName: facts.text('deviceName') ?? null,
      sourceUrl: /^\d+$/.test(sourceId) ? `https://connect.garmin.com/modern/activity/${sourceId}` : null,
      detailed: true,
      parentSourceId: null,
      counted: true,
    },
  ]
}

function readMeasures(message: FitMessage) {
  const number = (...fields: string[]) =>
    fields.map((field) => numberOf(message[field])).find((value) => value !== null) ?? null
  const whole = (field: string) => {
    const value = number(field)
    return value === null ? null : Math.round(value)
  }
  return {
    distanceM: number('totalDistance'),
    movingTimeS: whole('totalTimerTime'),
    elapsedTimeS: whole('totalElapsedTime'),
    elevationGainM: number('totalAscent'),
    meanSpeedMPerS: number('enhancedAvgSpeed', 'avgSpeed'),
    maxSpeedMPerS: number('enhancedMaxSpeed', 'maxSpeed'),
    heartRateMeanBpm: number('avgHeartRate') || null,
    heartRateMaxBpm: number('maxHeartRate') || null,
    cadenceMeanRpm: number('avgCadence', 'avgRunningCadence'),
    powerMeanW: number('avgPower'),
    energyKcal: number('totalCalories'),
  }
}

function readLap(
  lap: FitMessage,
  { sourceId, lapNumber }: { sourceId: string; lapNumber: number },
): ActivityLapRecord[] {
  const startS = secondsOf(lap['startTime'])
  const { energyKcal: _, ...measures } = readMeasures(lap)
  return [{ ...measures, sourceId, lapNumber, startedAt: startS === undefined ? null : new Date(startS * 1000) }]
}

function readPoint(record: FitMessage) {
  const atS = secondsOf(record['timestamp'])
  if (atS === undefined) return []
  const values = STREAMS.map(({ fit }) => {
    if (fit === undefined) return null
    const enhanced = `enhanced${fit.charAt(0).toUpperCase()}${fit.slice(1)}`
    return numberOf(record[enhanced]) ?? numberOf(record[fit])
  })
  return [{ atS, values }]
}

function secondsOf(value: unknown): number | undefined {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.getTime() / 1000 : undefined
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= -1e9 && value <= 1e12 ? value : null
}

/** FIT's words are in camel case. */
function snake(word: string): string {
  return word.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}
