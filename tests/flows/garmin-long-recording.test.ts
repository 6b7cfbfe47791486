import { describe, expect } from 'vitest'
import { normalizeRaw } from '../../service/normalization/normalize-raw-data.task.ts'
import type { TestDatabase } from '../support/database.ts'
import { connectBoth, normalizeAll, person, test } from '../support/garmin-scene.ts'

const START = 1_768_003_200
/** More than an hour and more than a megabyte, so that it is neither held nor read at once. */
const SECONDS = 5_000

/** Each second a metre; the heart beats 100 times at first and one more a minute; power only in the second half. */
function recording(userId: string, { summaryId = 'r1', name = 'Long \u{1F3C3} ride', sample = second } = {}): string {
  const samples = Array.from({ length: SECONDS }, (_, at) => sample(at)).join(',')
  // The owner comes last: nobody may need to know it before the samples have gone by.
  return `{"activityId":9007199254740993,"summaryId":"${summaryId}","samples":[${samples}],"laps":[{"startTimeInSeconds":${START}}],
    "summary":{"activityType":"CYCLING","activityName":"${name}","startTimeInSeconds":${START},"startTimeOffsetInSeconds":3600,"durationInSeconds":${SECONDS}},
    "userId":"${userId}"}`
}

function second(at: number): string {
  const power = at < SECONDS / 2 ? '' : `,"powerInWatts":${at}`
  return `{"startTimeInSeconds":${START + at},"totalDistanceInMeters":${at},"heartRate":${100 + Math.floor(at / 60)}${power},"note":"${'é'.repeat(60)}, said, and so on, for as long as it takes to make a megabyte"}`
}

async function outcomes({ admin }: TestDatabase): Promise<unknown> {
  return (await admin.query('select outcomes from ops.webhook_deliveries order by received_at')).rows.at(-1)?.outcomes
}

async function series({ admin }: TestDatabase): Promise<unknown[]> {
  const { rows } = await admin.query(
    `select a.source_id, a.name, s.kind, cardinality(s.offsets_s) as times, s.offsets_s[5000] as last, cardinality(s."values") as values,
      s."values"[1]::int as first_value, s."values"[2500]::int as before, s."values"[2501]::int as behind, s."values"[5000]::int as last_value
    from activities a join activity_streams s on s.activity_id = a.id order by s.kind`,
  )
  return rows
}

const COMMON = { source_id: '9007199254740993', name: 'Long \u{1F3C3} ride', times: 5000, last: 4999, values: 5000 }
const SERIES = [
  { ...COMMON, kind: 'distance_m', first_value: 0, before: 2499, behind: 2500, last_value: 4999 },
  { ...COMMON, kind: 'heart_rate_bpm', first_value: 100, before: 141, behind: 141, last_value: 183 },
  { ...COMMON, kind: 'power_w', first_value: null, before: null, behind: 2500, last_value: 4999 },
]

describe('a recording that is too long to be held', () => {
  test('becomes its series and laps, once; a replay changes nothing, and sent again it is not news', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    await door.post(`{"activityDetails":[${recording(person.ada)}, {"userId":"nobody"}]}`)
    await service.work()
    expect(await outcomes(db)).toEqual({ stored: 1, unknown_owner: 1 })
    await normalizeAll(service, db)
    expect(await series(db)).toEqual(SERIES)
    const laps = await db.admin.query('select lap_number, elapsed_time_s::int as seconds from activity_laps')
    expect(laps.rows).toEqual([{ lap_number: 1, seconds: SECONDS }])
    const raw = await db.admin.query<{ userId: string; createdAt: string; rawId: string; kept: boolean }>(
      `select user_id as "userId", created_at::text as "createdAt", id as "rawId",
        jsonb_array_length(raw_data -> 0 -> 'samples') = 5000 and raw_data -> 0 ->> 'activityId' = '9007199254740993' as kept
      from raw_fitness_data`,
    )
    expect(raw.rows).toMatchObject([{ kept: true }])
    await normalizeRaw(service.normalization, raw.rows[0]!, { replay: true })
    expect(await series(db)).toEqual(SERIES)
    await door.post(`{"activityDetails":[${recording(person.ada)}]}`)
    await service.work()
    expect(await outcomes(db)).toEqual({ sent_before: 1 })
  })

  test('is refused alone where it is no JSON, and kept with what the database cannot hold replaced', async ({
    db,
    service,
    door,
  }) => {
    await connectBoth(service)
    const odd = (text: string) => (at: number) => second(at).replace('said', at === 4000 ? text : 'said')
    const items = [
      recording(person.ada, {
        summaryId: 'nan',
        sample: (at) => second(at).replace('"heartRate":1', '"heartRate":NaN1'),
      }),
      recording(person.ada, { summaryId: 'control', sample: odd('\u0000') }),
      recording(person.ada, { summaryId: 'half', sample: odd('\\ud800 and \\u0000, \\ud83c\\udfc3') }),
      recording(person.bela, { summaryId: 'good' }),
    ]
    await door.post(`{"activityDetails":[${items.join(',')}]}`)
    await service.work()
    expect(await outcomes(db)).toEqual({ not_json: 2, stored: 2 })
    const { rows } = await db.admin.query(
      `select raw_data -> 0 ->> 'summaryId' as id, metadata -> 'replaced_nul_characters' as replaced,
        (raw_data -> 0 -> 'samples' -> 4000 ->> 'note') like '%, \ufffd and \ufffd, \u{1F3C3}, and%' as clean
      from raw_fitness_data order by 1`,
    )
    expect(rows).toEqual([
      { id: 'good', replaced: null, clean: false },
      { id: 'half', replaced: true, clean: true },
    ])
  })

  test('is refused when it is one text without a comma, in a list or beside it', async ({ db, service, door }) => {
    await connectBoth(service)
    await door.post(
      `{"activityDetails":[{"userId":"${person.ada}","samples":["${'a'.repeat(6e6)}"]},{"userId":"${person.ada}","x":"${'b'.repeat(6e6)}"}]}`,
    )
    await service.work()
    expect(await outcomes(db)).toEqual({ item_too_large: 2 })
  })
})
