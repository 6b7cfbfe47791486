import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonicalSport } from './sports.ts'

const SPORT_TYPES =
  `AlpineSki BackcountrySki Badminton Basketball Canoeing Cricket Crossfit Dance EBikeRide Elliptical EMountainBikeRide Golf
  GravelRide Handcycle HighIntensityIntervalTraining Hike IceSkate InlineSkate Kayaking Kitesurf MountainBikeRide NordicSki Padel
  PhysicalTherapy Pickleball Pilates Racquetball Ride RockClimbing RollerSki Rowing Run Sail Skateboard Snowboard Snowshoe Soccer Squash
  StairStepper StandUpPaddling Surfing Swim TableTennis Tennis TrailRun Velomobile VirtualRide VirtualRow VirtualRun Volleyball Walk
  WeightTraining Wheelchair Windsurf Workout Yoga`.split(/\s+/)

const MIGRATION = join(
  import.meta.dirname,
  '../../../database/migrations/default/20261123100300_create_canonical_tables/up.sql',
)
const rows = (/insert into public\.sports [^;]+/.exec(readFileSync(MIGRATION, 'utf8'))?.[0] ?? '').matchAll(
  /\('(\w+)',/g,
)
const known = [...rows].map((match) => match[1])

test('there are 56 sports to know and rows to know them by', () => {
  expect(SPORT_TYPES).toHaveLength(56)
  expect(known).toContain('other')
})

test.each(SPORT_TYPES)('%s has a row of its own kind', (sportType) => {
  expect(known).toContain(canonicalSport(sportType, false))
  expect(canonicalSport(sportType, false)).not.toBe('other')
})

test.each(['', 'Quidditch', 'run', 'toString', '__proto__'])('%j is other', (sportType) => {
  expect(canonicalSport(sportType, false)).toBe('other')
})

test('only a ride becomes another sport on a trainer', () => {
  expect(
    SPORT_TYPES.filter((sportType) => canonicalSport(sportType, true) !== canonicalSport(sportType, false)),
  ).toEqual(['Ride'])
})
