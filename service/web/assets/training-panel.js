import { fillBuckets, firstDay, localDay, movingAverage, RANGES, sumBucket } from './days.js'
import { byId, element } from './dom.js'
import { formatCount, formatDate, formatNumber, formatStart } from './format.js'
import { warn } from './messages.js'
import { createPlot } from './plot.js'
import { DAILY_SUMMARIES } from './queries.js'
import { createQueryPanel } from './query-panel.js'

/**
 * @import { Bucket, Day, Range } from './days.js'
 * @import { DemoUser } from './demo.js'
 * @import { Graphql } from './graphql.js'
 *
 * @typedef {'kilometres' | 'hours' | 'heartRate'} Measure
 */

/** @type {Record<Measure, import('./plot.js').PlotStyle>} */
const STYLES = {
  kilometres: { title: 'Distance', unit: 'km', digits: 1, shape: 'bars', color: 'distance' },
  hours: { title: 'Moving time', unit: 'h', digits: 1, shape: 'bars', color: 'time' },
  heartRate: { title: 'Mean heart rate', unit: 'bpm', digits: 0, shape: 'points', color: 'heart' },
}
const MEASURES = /** @type {Measure[]} */ (Object.keys(STYLES))

/**
 * The plots, their totals and their table; live.
 * @param {(days: readonly Day[], span: { from: string, to: string, range: Range }) => void} onDays
 */
export function createTrainingPanel(onDays) {
  const plots = MEASURES.map((measure) => ({ measure, plot: createPlot(byId(`plot-${measure}`), STYLES[measure]) }))
  const query = createQueryPanel('training-query', { label: 'the plots', query: DAILY_SUMMARIES })
  let range = /** @type {Range} */ (RANGES.find(({ id }) => id === '6m'))
  /** @type {{ user: DemoUser, graphql: Graphql } | undefined} */
  let asked
  let stop = () => {}
  /** @type {Bucket[]} */
  let buckets = []

  const table = byId('numbers')
  const showTable = () => table instanceof HTMLDetailsElement && table.open && fillTable(buckets, range)
  table.addEventListener('toggle', showTable)
  showRangeChoice(range, (chosen) => {
    range = chosen
    subscribe()
  })

  /** @param {readonly Day[]} days */
  function show(days) {
    const today = localDay(new Date())
    // Where the person was, it may be tomorrow already.
    const lastDay = days.at(-1)?.local_day ?? today
    const span = { from: firstDay(range, today), to: lastDay > today ? lastDay : today }
    buckets = fillBuckets(days, { ...span, by: range.by })
    onDays(days, { ...span, range })
    const isEmpty = days.every(({ activity_count: count }) => count === 0)
    byId('training-empty').hidden = !isEmpty
    byId('training-content').hidden = isEmpty
    showTotals(days)
    for (const { measure, plot } of plots) plot.show(plotData(measure, buckets, range))
    showTable()
  }

  function subscribe() {
    if (asked === undefined) return
    const variables = { since: firstDay(range, localDay(new Date())) }
    stop()
    query.show(variables, asked.user.id)
    stop = asked.graphql.subscribe(DAILY_SUMMARIES, variables, {
      next: (data) => show(data.daily_summaries),
      failed: warn,
    })
  }

  return {
    /** @param {DemoUser} user @param {Graphql} graphql */
    show(user, graphql) {
      asked = { user, graphql }
      stop = () => {}
      show([])
      subscribe()
    },
  }
}

/**
 * @param {Range} chosen
 * @param {(range: Range) => void} onChoice
 */
function showRangeChoice(chosen, onChoice) {
  byId('ranges').append(
    ...RANGES.map((range) => {
      const input = element('input', { type: 'radio', name: 'range', value: range.id, onchange: () => onChoice(range) })
      input.checked = range === chosen
      return element('label', {}, input, element('span', { textContent: range.label }))
    }),
  )
}

/** @param {readonly Day[]} days */
function showTotals(days) {
  const { activities, kilometres, hours, heartRate } = sumBucket(0, days)
  byId('total-activities').textContent = formatNumber(activities)
  byId('total-distance').textContent = kilometres === null ? '–' : formatNumber(kilometres)
  byId('total-time').textContent = hours === null ? '–' : formatNumber(hours)
  byId('total-heart-rate').textContent = heartRate === null ? '–' : formatNumber(heartRate)
}

/**
 * @param {Measure} measure
 * @param {Bucket[]} buckets
 * @param {Range} range
 * @returns {import('./plot.js').PlotData}
 */
function plotData(measure, buckets, { by, trend }) {
  const values = buckets.map((bucket) => bucket[measure])
  return {
    starts: buckets.map(({ start }) => start),
    values,
    trend: movingAverage(values, { size: trend, empty: measure === 'heartRate' ? null : 0 }),
    by,
    trendLabel: `average of ${trend} ${by}s`,
    summary: summarize(measure, buckets, by),
  }
}

/**
 * @param {Measure} measure
 * @param {Bucket[]} buckets
 * @param {'day' | 'month'} by
 */
function summarize(measure, buckets, by) {
  const { unit, digits } = STYLES[measure]
  const known = buckets.flatMap(({ start, [measure]: value }) => (value === null ? [] : [{ start, value }]))
  const highest = known.toSorted((a, b) => b.value - a.value)[0]
  if (highest === undefined) return 'No data in this period.'
  const text = (/** @type {number} */ value) => `${formatNumber(value, digits)} ${unit}`
  const when = by === 'day' ? formatDate(highest.start) : formatStart(highest.start, by)
  const preposition = by === 'day' ? 'on' : 'in'
  if (measure === 'heartRate') {
    const lowest = Math.min(...known.map(({ value }) => value))
    const span = `between ${text(lowest)} and ${text(highest.value)} (${when})`
    return `Measured ${preposition} ${formatCount(known.length, by, `${by}s`)}, ${span}.`
  }
  const sum = known.reduce((total, { value }) => total + value, 0)
  const share = `${preposition} ${known.length} of ${formatCount(buckets.length, by, `${by}s`)}`
  return `${text(sum)} ${share}; the most ${preposition} one ${by}: ${text(highest.value)} (${when}).`
}

/**
 * @param {Bucket[]} buckets
 * @param {Range} range
 */
function fillTable(buckets, { by }) {
  const cell = (/** @type {number | null} */ value, /** @type {number} */ digits) =>
    element('td', { textContent: value === null ? '–' : formatNumber(value, digits) })
  const rows = buckets
    .filter(({ activities }) => activities > 0)
    .reverse()
    .map((bucket) =>
      element(
        'tr',
        {},
        element('th', {
          scope: 'row',
          textContent: by === 'day' ? formatDate(bucket.start) : formatStart(bucket.start, by),
        }),
        element('td', { textContent: formatNumber(bucket.activities) }),
        cell(bucket.kilometres, 1),
        cell(bucket.hours, 2),
        cell(bucket.heartRate, 0),
      ),
    )
  byId('numbers-rows').replaceChildren(...rows)
}
