import { describe, expect, test } from 'vitest'
import { learnReach, narrowWindow, type Reach } from './narrow-window.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 30)
const back = (days: number) => new Date(NOW - days * DAY)
/** Asks as long as there is something to ask for, of a platform that gives so many days; answers the starts, in days before now. */
function ask(windowDays: number, givenDays: number, known: Reach = {}) {
  const starts: number[] = []
  let [reach, to] = [known, back(0)]
  for (;;) {
    const window = to <= back(windowDays) ? undefined : narrowWindow({ from: back(windowDays), to }, reach)
    if (window === undefined) return { starts, reach, given: (NOW - to.getTime()) / DAY }
    const start = (NOW - window.from.getTime()) / DAY
    starts.push(start)
    reach = learnReach(reach, window, start > givenDays)
    if (start <= givenDays) to = window.from
  }
}

describe('a window that may reach back too far', () => {
  test('is asked for whole where nothing is known', () => {
    expect(ask(30, 40)).toMatchObject({ starts: [30], given: 30, reach: {} })
  })

  test('loses a day at first, which is most often enough', () => {
    expect(ask(30, 29.5)).toMatchObject({ starts: [30, 29], given: 29 })
  })

  test('is halved then, until less than a day of it is in doubt', () => {
    expect(ask(30, 12.4)).toMatchObject({
      starts: [30, 29, 14.5, 7.25, 10.875, 12.6875, 11.875],
      given: 11.875,
    })
  })

  test('is asked for from where the kind before it was given, and no further back', () => {
    const { reach } = ask(30, 12.4)
    expect(ask(30, 12.4, reach)).toMatchObject({ starts: [11.875], given: 11.875 })
  })

  test('of less than a day is not asked for again', () => {
    expect(ask(0.5, 0.2)).toMatchObject({ starts: [0.5], given: 0 })
    expect(ask(30, 0)).toMatchObject({ starts: [30, 29, 14.5, 7.25, 3.625, 1.8125, 1], given: 0 })
  })
})
