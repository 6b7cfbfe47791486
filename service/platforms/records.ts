import type { MetricKind } from './metric-kinds.ts'

export interface ActivityRecord {
  /** The platform's id, as text and exact. */
  readonly sourceId: string
  /** A row of `sports`. */
  readonly sport: string
  readonly sourceSport: string
  readonly name: string | null
  /** YYYY-MM-DD where the person was at the start; absent where nobody knows the offset there: then the person's time zone tells. */
  readonly localDay?: string
  /** Null when the person hides the start time. */
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly startOffsetSeconds: number | null
  readonly timeZone: string | null
  readonly startTimeHidden: boolean
  readonly distanceM: number | null
  readonly movingTimeS: number | null
  readonly elapsedTimeS: number | null
  readonly elevationGainM: number | null
  readonly meanSpeedMPerS: number | null
  readonly maxSpeedMPerS: number | null
  readonly heartRateMeanBpm: number | null
  readonly heartRateMaxBpm: number | null
  readonly cadenceMeanRpm: number | null
  readonly powerMeanW: number | null
  /** Only detailed payloads have it; a summary leaves what is stored alone. */
  readonly energyKcal: number | null
  readonly manual: boolean
  readonly indoor: boolean
  readonly hasRoute: boolean
  readonly private: boolean
  readonly deviceName: string | null
  readonly sourceUrl: string | null
  /** Whether the payload was the detailed one. */
  readonly detailed: boolean
  /** The activity it is a part of: one leg of a multisport event. */
  readonly parentSourceId?: string | null
  /** False for a whole whose parts are counted; absent means true. */
  readonly counted?: boolean
}

export interface ActivityLapRecord {
  readonly sourceId: string
  /** From 1. */
  readonly lapNumber: number
  readonly startedAt: Date | null
  readonly elapsedTimeS: number | null
  readonly movingTimeS: number | null
  readonly distanceM: number | null
  readonly elevationGainM: number | null
  readonly meanSpeedMPerS: number | null
  readonly maxSpeedMPerS: number | null
  readonly heartRateMeanBpm: number | null
  readonly heartRateMaxBpm: number | null
  readonly cadenceMeanRpm: number | null
  readonly powerMeanW: number | null
}

/** How long an activity was in a training zone. */
export interface ActivityZoneRecord {
  readonly sourceId: string
  /** As in a series. */
  readonly kind: 'heart_rate_bpm' | 'speed_m_per_s' | 'power_w'
  /** From 1, the easiest. */
  readonly zoneNumber: number
  /** UCUM. */
  readonly unit: string
  readonly lowerBound: number | null
  /** Null: no end. */
  readonly upperBound: number | null
  readonly timeS: number
}

export interface ActivityStreamRecord {
  readonly sourceId: string
  /** For example heart_rate_bpm. */
  readonly kind: string
  /** UCUM. */
  readonly unit: string
  /** Seconds since the start; as long as `values`. */
  readonly offsetsS: readonly number[]
  readonly values: readonly (number | null)[]
}

/** A measurement over an interval, or at an instant when both times are equal. */
export interface SampleRecord {
  readonly kind: MetricKind
  readonly startedAt: Date
  readonly endedAt: Date
  /** Null when the platform does not say: never guessed. */
  readonly offsetSeconds: number | null
  /** YYYY-MM-DD, where the platform names the day; otherwise it follows from the offset. */
  readonly localDay?: string
  readonly value: number
  /** The device or app that measured; empty when the platform does not say. */
  readonly source: string
  /** Tells apart several values of one source at one time, for example kinds of movement; empty otherwise. */
  readonly variant: string
  /** The platform's own id of the record, where it has one. */
  readonly sourceId: string | null
  readonly manual: boolean
}

/** A payload tells all there is of these kinds from `from` until before `to`: what was known of it before is replaced. */
export interface SampleSpan {
  readonly kinds: readonly MetricKind[]
  readonly from: Date
  readonly to: Date
  /** Null: of every source. */
  readonly source: string | null
  /** Null: every variant. */
  readonly variant: string | null
  /** What is gone is remembered, so that an older payload without a span of its own does not bring it back. */
  readonly lasting?: boolean
  /** What is known beyond `to` of an interval that begins inside is more complete than this payload: it stays. */
  readonly keepLonger?: boolean
}

export type SleepStage = 'in_bed' | 'awake' | 'asleep' | 'light' | 'deep' | 'rem'

export interface SleepRecord {
  /** The platform's id, or what identifies it there (source and start, say). */
  readonly sourceId: string
  readonly source: string
  readonly startedAt: Date
  readonly endedAt: Date
  /** Null when unknown. */
  readonly endOffsetSeconds: number | null
  readonly timeZone: string | null
  /** YYYY-MM-DD, the day of waking, where the platform names it. */
  readonly localDay?: string
  readonly nap: boolean
  readonly asleepS: number | null
  readonly inBedS: number | null
  readonly awakeS: number | null
  readonly lightS: number | null
  readonly deepS: number | null
  readonly remS: number | null
  /** 0 to 100. */
  readonly score: number | null
  /** Greater replaces smaller, whichever comes later; 0 where the platform knows no tentative versions. */
  readonly finality: number
  readonly stages: readonly SleepStageRecord[]
  /**
   * `some`: a part of what is known of the night; it is joined with what else its source told no further than 90 minutes away, and the
   * numbers follow from the stages. `all`: takes the place of what its source told of this time before. Absent: known by its id alone.
   */
  readonly parts?: 'some' | 'all'
}

export interface SleepStageRecord {
  readonly stage: SleepStage
  readonly startedAt: Date
  readonly endedAt: Date
  /** The platform's own id, where each part has one: `deletedSleepSessions` may name it. */
  readonly sourceId?: string
}

/** A number that the platform reports for a person's day. */
export interface DailyMetricRecord {
  /** YYYY-MM-DD. */
  readonly localDay: string
  readonly kind: MetricKind
  readonly value: number
  /** How complete it is: a smaller number never replaces a greater; absent means 0. */
  readonly finality?: number
}

/** A record inside a payload that could not be read: where it stood and why, never its values. */
export interface RejectedRecord {
  readonly position: number
  readonly reason: string
  /** How many items this is about that became nothing; absent means one, and 0 is a field left out of an item that was kept. */
  readonly items?: number
  /** The platform's id of the item, where its place in the payload is no longer known. */
  readonly sourceId?: string
}

/** What a payload becomes; a list that is absent is empty. */
export interface Records {
  readonly activities?: readonly ActivityRecord[]
  /** Source ids that are gone at the platform, as in the other `deleted…` lists. */
  readonly deletedActivities?: readonly string[]
  readonly activityStreams?: readonly ActivityStreamRecord[]
  readonly activityLaps?: readonly ActivityLapRecord[]
  readonly activityZones?: readonly ActivityZoneRecord[]
  readonly samples?: readonly SampleRecord[]
  readonly sampleSpans?: readonly SampleSpan[]
  readonly deletedSamples?: readonly string[]
  readonly sleepSessions?: readonly SleepRecord[]
  /** Of sessions, and of stages that have an id. */
  readonly deletedSleepSessions?: readonly string[]
  readonly dailyMetrics?: readonly DailyMetricRecord[]
  readonly rejected: readonly RejectedRecord[]
}
